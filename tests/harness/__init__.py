"""What end-to-end tests are written with (standard library only).

    case        runs a file's test_ functions, each in a folder of its own; skip()
    daemon      starts and stops streamd with a generated configuration; streamctl with its exit code and JSON
    processes   child processes that never outlive the test; kill, freeze, free ports
    waiting     waits for conditions; gives up only when nothing moves any more
    workload    a writer whose every commit can be recognised and checked later
    compare     databases against databases: integrity, content, pages
    damage      breaks files in the ways disks and people do

A test gets the built programs from the environment (STREAMD, STREAMCTL, STREAMD_DRIVER_PATH), which
streamd_python_test() in tests/CMakeLists.txt sets.
"""
