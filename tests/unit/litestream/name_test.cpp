#include "litestream/name.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::litestream;

BOOST_AUTO_TEST_SUITE(name)

BOOST_AUTO_TEST_CASE(names_of_both_versions_are_known) {
  const GenerationId generation(0x0123456789abcdef);
  BOOST_TEST((parse_name("generations/0123456789abcdef/snapshots/0000000a.snapshot.lz4") ==
              Name(SnapshotName{generation, 10})));
  BOOST_TEST((parse_name("generations/0123456789abcdef/wal/0000000a_00001038.wal.lz4") ==
              Name(SegmentName{generation, 10, 0x1038})));
  BOOST_TEST((parse_name("generations/0123456789abcdef/wal/00000000_123456789a.wal.lz4") ==
              Name(SegmentName{generation, 0, 0x123456789a})));
  const Name file = LtxName{9, Txid(1), Txid(16)};
  BOOST_TEST((parse_name("ltx/9/0000000000000001-0000000000000010.ltx") == file));
  BOOST_TEST((parse_name("0009/0000000000000001-0000000000000010.ltx") == file));
}

BOOST_AUTO_TEST_CASE(other_names_are_not) {
  for (const char* key :
       {"",
        "/",
        "ltx",
        "ltx/9",
        "ltx/10/0000000000000001-0000000000000010.ltx",
        "000a/0000000000000001-0000000000000010.ltx",
        "9/0000000000000001-0000000000000010.ltx",
        "ltx/0/0000000000000000-0000000000000001.ltx",
        "ltx/0/0000000000000002-0000000000000001.ltx",
        "ltx/0/000000000000001-0000000000000010.ltx",
        "ltx/0/0000000000000001_0000000000000010.ltx",
        "ltx/0/000000000000000x-0000000000000010.ltx",
        "ltx/0/0000000000000001-000000000000001x.ltx",
        "ltx/0/0000000000000001-0000000000000010.ltx.tmp",
        "ltx/0/x/0000000000000001-0000000000000010.ltx",
        "generations/0123456789abcdeF/snapshots/0000000a.snapshot.lz4",
        "generations/0123456789abcdef/snapshots/000000a.snapshot.lz4",
        "generations/0123456789abcdef/snapshots/0000000a.snapshot.lz4.tmp",
        "generations/0123456789abcdef/other/0000000a.snapshot.lz4",
        "generations/0123456789abcdef/wal/0000000a_0000103.wal.lz4",
        "generations/0123456789abcdef/wal/0000000a-00001038.wal.lz4",
        "generations/0123456789abcdef/wal/0000000x_00001038.wal.lz4",
        "generations/0123456789abcdef/wal/0000000a_0000103x.wal.lz4",
        "generations/0123456789abcdef/wal/0000000a_00001038.wal",
        "generations/0123456789abcdef/wal/0000000a_00001038000000000.wal.lz4",
        "generations/0000000187b01151/snapshots/0000000000000001-20261122T192549123Z.manifest"})
    BOOST_TEST((parse_name(key) == Name(OtherName{})), key);
}

BOOST_AUTO_TEST_SUITE_END()
