// The operations against stores that fail in the middle.
#include <algorithm>
#include <map>

#include "digest.h"
#include "scripted_store.h"

namespace streamd::s3 {
namespace {

constexpr std::uint64_t kMiB = 1u << 20;
constexpr const char* kUploadId =
    "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>";
constexpr const char* kCompleted =
    "<CompleteMultipartUploadResult><ETag>\"all-3\"</ETag></CompleteMultipartUploadResult>";

std::string kind_of(const SeenRequest& request) {
  const std::string line = request.line();
  if (line.starts_with("GET") && line.find("uploads=") != std::string::npos) return "look";
  if (line.find("?uploads=") != std::string::npos) return "begin";
  if (line.find("partNumber=") != std::string::npos)
    return "part " + line.substr(line.find("partNumber=") + 11, 1);
  if (line.starts_with("POST") && line.find("uploadId=U") != std::string::npos) return "complete";
  if (line.starts_with("DELETE") && line.find("uploadId=U") != std::string::npos) return "abort";
  return line.substr(0, line.find(' '));
}

std::map<std::string, int> count_kinds(const ScriptedServer& server) {
  std::map<std::string, int> counts;
  for (const SeenRequest& request : server.seen()) ++counts[kind_of(request)];
  return counts;
}

// A store that takes an upload of parts; `fault` may answer instead.
Answer upload_store(const Answer& fault) {
  return [fault](const SeenRequest& request, std::size_t number) -> std::string {
    const std::string wrong = fault(request, number);
    if (wrong != "fine") return wrong;
    const std::string kind = kind_of(request);
    if (kind == "begin") return response(200, kUploadId);
    if (kind == "complete") return response(200, kCompleted);
    return response(200, "", "ETag: \"" + kind + "\"\r\n");
  };
}

BOOST_AUTO_TEST_SUITE(operations)

BOOST_AUTO_TEST_CASE(a_large_object_goes_in_parts) {
  ScriptedServer server(upload_store([](const SeenRequest&, std::size_t) { return "fine"; }));
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(12 * kMiB)) == STREAMD_OK);
  const auto counts = count_kinds(server);
  BOOST_TEST(counts.at("begin") + counts.at("part 1") + counts.at("part 2") + counts.at("part 3") +
                 counts.at("complete") ==
             5);
  BOOST_TEST(counts.count("abort") == 0u);
  for (const SeenRequest& request : server.seen()) {
    if (kind_of(request) == "part 3") BOOST_TEST(request.body.size() == 2 * kMiB);
    if (kind_of(request) == "complete")
      BOOST_TEST(request.body.find("<PartNumber>3</PartNumber><ETag>\"part 3\"</ETag>") !=
                 std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_part_that_fails_is_sent_again_alone) {
  std::atomic<int> second = 0, third = 0;
  ScriptedServer server(upload_store([&](const SeenRequest& request, std::size_t) -> std::string {
    const std::string kind = kind_of(request);
    if (kind == "part 2" && second++ == 0) return response(500, error_xml("InternalError"));
    if (kind == "part 3" && third++ == 0) return response(503, error_xml("SlowDown"));
    return "fine";
  }));
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(12 * kMiB)) == STREAMD_OK);
  const auto counts = count_kinds(server);
  BOOST_TEST(counts.at("begin") == 1);
  BOOST_TEST(counts.at("part 1") == 1);
  BOOST_TEST(counts.at("part 2") == 2);
  BOOST_TEST(counts.at("part 3") == 2);
}

// What a bucket with a default retention answers to a put or a part without Content-MD5.
std::string locked(const SeenRequest& request) {
  const std::string kind = kind_of(request);
  const bool stores = kind == "PUT" || kind.starts_with("part");
  if (!stores || request.header("Content-MD5") == md5_base64(request.body)) return "fine";
  return response(400,
                  "<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP "
                  "header is required for Put Object requests with Object Lock parameters"
                  "</Message></Error>");
}

BOOST_AUTO_TEST_CASE(a_bucket_that_wants_md5_gets_it_from_then_on) {
  ScriptedServer server(
      upload_store([](const SeenRequest& request, std::size_t) { return locked(request); }));
  const TestCall host;
  const auto driver = open_at(server.endpoint());
  BOOST_TEST(put(*driver, host, "k", TestSource(3)) == STREAMD_OK);
  BOOST_TEST(put(*driver, host, "k", TestSource(1'000'000)) == STREAMD_OK);
  BOOST_TEST(put(*driver, host, "k", TestSource(12 * kMiB)) == STREAMD_OK, host.message());
  auto counts = count_kinds(server);
  BOOST_TEST(counts["PUT"] == 3);  // the first one twice
  BOOST_TEST(counts["part 1"] + counts["part 2"] + counts["part 3"] == 3);
  BOOST_TEST(counts["abort"] == 0);
  const auto seen = server.seen();
  BOOST_TEST(seen[0].header("Content-MD5") == "");
  BOOST_TEST(seen[1].header("Content-MD5") == md5_base64("xxx"));
  BOOST_TEST(seen[1].header("Authorization").find("content-md5;host;") != std::string::npos);
  BOOST_TEST(host.logged("wants Content-MD5"));
  // Of parts, when these are the first that is stored.
  const auto other = open_at(server.endpoint());
  BOOST_TEST(put(*other, host, "k", TestSource(12 * kMiB)) == STREAMD_OK, host.message());
  BOOST_TEST(count_kinds(server)["abort"] == 0);
}

BOOST_AUTO_TEST_CASE(md5_is_learned_beside_the_time_and_once) {
  const std::string old = "Date: Sun, 30 Aug 2015 12:36:00 GMT\r\n";
  ScriptedServer server([&](const SeenRequest& request, std::size_t number) {
    if (number == 1) return response(403, error_xml("RequestTimeTooSkewed"), old);
    const std::string refused = locked(request);
    return refused == "fine" ? response(200, "", old) : refused;
  });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(3)) == STREAMD_OK, host.message());
  BOOST_TEST(server.seen().size() == 3u);
  // One that says so for ever.
  ScriptedServer never([&](const SeenRequest&, std::size_t) {
    return locked(SeenRequest{"PUT /bucket/k HTTP/1.1", "no"});
  });
  const auto other = open_at(never.endpoint());
  BOOST_TEST(put(*other, host, "k", TestSource(3)) == STREAMD_INVALID_CONFIG);
  BOOST_TEST(never.seen().size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_upload_that_fails_is_aborted) {
  struct Case {
    const char* fails;
    int status;
    const char* code;
    streamd_code expected;
  };
  for (const Case& one :
       {Case{"part 2", 403, "AccessDenied", STREAMD_PERMISSION},
        Case{"part 1", 500, "InternalError", STREAMD_TRANSIENT},
        Case{"complete", 503, "SlowDown", STREAMD_THROTTLED},
        Case{"complete", 200, "InternalError", STREAMD_TRANSIENT},  // an error behind a 200
        Case{"complete", 200, "SlowDown", STREAMD_THROTTLED}}) {
    ScriptedServer server(upload_store([&](const SeenRequest& request, std::size_t) {
      return kind_of(request) == one.fails ? response(one.status, error_xml(one.code))
                                           : std::string("fine");
    }));
    const auto driver = open_at(server.endpoint());
    const TestCall host;
    BOOST_TEST(put(*driver, host, "k", TestSource(12 * kMiB)) == one.expected);
    BOOST_TEST(count_kinds(server).count("abort") == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_part_without_an_etag_is_not_stored) {
  ScriptedServer server(upload_store([](const SeenRequest& request, std::size_t) {
    return kind_of(request) == "part 2" ? response(200, "") : std::string("fine");
  }));
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(12 * kMiB)) == STREAMD_INTERNAL);
  BOOST_TEST(host.message().find("part 2: the store gave no ETag") != std::string::npos);
  const auto counts = count_kinds(server);
  BOOST_TEST(counts.count("complete") == 0u);
  BOOST_TEST(counts.count("abort") == 1u);
}

BOOST_AUTO_TEST_CASE(an_upload_is_stored_when_the_store_says_so_alone) {
  for (const char* body :
       {"", "<html/>",
        "<CompleteMultipartUploadResult><ETag>\"all-3\"</ETag>"}) {  // the rest did not come
    ScriptedServer server(upload_store([&](const SeenRequest& request, std::size_t) {
      return kind_of(request) == "complete" ? response(200, body) : std::string("fine");
    }));
    const auto driver = open_at(server.endpoint());
    const TestCall host;
    BOOST_TEST(put(*driver, host, "k", TestSource(12 * kMiB)) == STREAMD_TRANSIENT, body);
    BOOST_TEST(host.message().find("did not say that it is stored") != std::string::npos);
    BOOST_TEST(count_kinds(server).count("abort") == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_source_that_fails_or_a_host_that_cancels_aborts_too) {
  ScriptedServer server(upload_store([](const SeenRequest&, std::size_t) { return "fine"; }));
  const auto driver = open_at(server.endpoint(), {{"parallel-parts", "1"}});
  const TestCall host;
  BOOST_TEST(put(*driver, host, "k", TestSource(12 * kMiB, 7 * kMiB)) == 77);
  const auto counts = count_kinds(server);
  BOOST_TEST(counts.count("abort") == 1u);
  BOOST_TEST(counts.count("complete") == 0u);
}

BOOST_AUTO_TEST_CASE(uploads_that_a_dead_process_left_are_removed_once) {
  const std::string old_one =
      "<Upload><Key>dir/dead</Key><UploadId>OLD</UploadId><Initiated>2015-08-30T12:36:00Z"
      "</Initiated></Upload>";
  const std::string of_others =
      "<Upload><Key>other/dead</Key><UploadId>THEIRS</UploadId><Initiated>2015-08-30T12:36:00Z"
      "</Initiated></Upload><Upload><Key>dir/young</Key><UploadId>YOUNG</UploadId><Initiated>"
      "2999-08-30T12:36:00Z</Initiated></Upload>";
  ScriptedServer server(upload_store([&](const SeenRequest& request, std::size_t) {
    return kind_of(request) == "look"
               ? response(200, "<ListMultipartUploadsResult>" + old_one + of_others +
                                   "</ListMultipartUploadsResult>")
               : std::string("fine");
  }));
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  for (int i = 0; i < 2; ++i)
    BOOST_TEST(put(*driver, host, "dir/k", TestSource(6 * kMiB)) == STREAMD_OK);
  std::string removed, looks;
  for (const SeenRequest& request : server.seen()) {
    if (request.line().starts_with("DELETE")) removed += request.line() + "|";
    if (kind_of(request) == "look") looks += request.line() + "|";
  }
  BOOST_TEST(removed == "DELETE /bucket/dir/dead?uploadId=OLD HTTP/1.1|");
  BOOST_TEST(looks == "GET /bucket?encoding-type=url&prefix=dir%2F&uploads= HTTP/1.1|");
  BOOST_TEST(host.logged("unfinished upload of dir/dead"));
}

BOOST_AUTO_TEST_CASE(get_notices_what_is_missing) {
  struct Case {
    std::string answer;
    streamd_code expected;
  };
  const std::string headers = "Content-Range: bytes 2-5/10\r\n";
  const std::vector<Case> cases = {
      {response(206, "cdef", headers), STREAMD_OK},
      {"HTTP/1.1 206 P\r\n" + headers + "Content-Length: 4\r\nConnection: close\r\n\r\ncd",
       STREAMD_TRANSIENT},
      {response(206, "cd", "Content-Range: bytes 2-3/4\r\n"), STREAMD_CORRUPT},
      {response(206, "cd", headers), STREAMD_TRANSIENT},
      {response(206, "cdefg", headers), STREAMD_INTERNAL},
      {response(200, "abcdefghij"), STREAMD_UNSUPPORTED},
  };
  for (const Case& one : cases) {
    ScriptedServer server([&](const SeenRequest&, std::size_t) { return one.answer; });
    const auto driver = open_at(server.endpoint());
    const TestCall host;
    std::string data;
    BOOST_TEST(get(*driver, host, data, 2, 4) == one.expected, one.answer);
    BOOST_TEST(server.seen().at(0).header("Range") == "bytes=2-5");
    BOOST_TEST(std::string("cdef").starts_with(data));
  }
}

BOOST_AUTO_TEST_CASE(get_without_a_length_takes_what_comes) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const bool whole : {true, false}) {
    ScriptedServer server([&](const SeenRequest&, std::size_t) {
      return whole ? head + "3\r\nabc\r\n0\r\n\r\n" : head + "3\r\nabc\r\nConnection: close";
    });
    const auto driver = open_at(server.endpoint());
    const TestCall host;
    std::string data;
    BOOST_TEST(get(*driver, host, data) == (whole ? STREAMD_OK : STREAMD_TRANSIENT));
    BOOST_TEST(data == "abc");
  }
}

BOOST_AUTO_TEST_CASE(a_missing_bucket_is_no_missing_object) {
  for (const bool bucket : {true, false}) {
    ScriptedServer server([&](const SeenRequest& request, std::size_t) {
      const bool about_bucket = request.line() == "HEAD /bucket HTTP/1.1";
      return about_bucket && bucket ? std::string("HTTP/1.1 200 OK\r\n\r\n")
                                    : std::string("HTTP/1.1 404 Not Found\r\n\r\n");
    });
    const auto driver = open_at(server.endpoint());
    const TestCall host;
    const sdk::Call call(&host.abi);
    streamd_object out{};
    for (int i = 0; i < 2; ++i)
      BOOST_TEST(driver->stat(call, "k", out) ==
                 (bucket ? STREAMD_NOT_FOUND : STREAMD_INVALID_CONFIG));
    BOOST_TEST(server.seen().size() == (bucket ? 3u : 4u));  // a bucket is looked for once
  }
}

BOOST_AUTO_TEST_CASE(the_reason_of_a_refused_head_is_asked_for) {
  ScriptedServer server([](const SeenRequest& request, std::size_t) {
    return request.line().starts_with("HEAD") ? std::string("HTTP/1.1 403 No\r\n\r\n")
                                              : response(403, error_xml("InvalidAccessKeyId"));
  });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  const sdk::Call call(&host.abi);
  streamd_object out{};
  BOOST_TEST(driver->stat(call, "k", out) == STREAMD_AUTH);
}

streamd_code remove_three(sdk::Driver& driver, const TestCall& host, streamd_code (&each)[3]) {
  const sdk::Call call(&host.abi);
  const char* keys[] = {"a", "b", "c"};
  return driver.remove(call, keys, 3, each);
}

BOOST_AUTO_TEST_CASE(a_batch_is_removed_with_one_request) {
  ScriptedServer server([](const SeenRequest&, std::size_t) {
    return response(200,
                    "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code></Error>"
                    "<Error><Key>c</Key><Code>NoSuchKey</Code></Error></DeleteResult>");
  });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  streamd_code each[3];
  BOOST_TEST(remove_three(*driver, host, each) == STREAMD_PERMISSION);
  BOOST_TEST(each[0] == STREAMD_OK);
  BOOST_TEST(each[1] == STREAMD_PERMISSION);
  BOOST_TEST(each[2] == STREAMD_OK);
  BOOST_TEST(server.seen().size() == 1u);
  BOOST_TEST(server.seen()[0].header("Content-MD5").size() == 24u);
}

BOOST_AUTO_TEST_CASE(without_batches_they_go_one_by_one) {
  ScriptedServer server([](const SeenRequest& request, std::size_t) {
    return request.line().starts_with("POST") ? response(501, error_xml("NotImplemented"))
                                              : response(204, "");
  });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  streamd_code each[3];
  for (int i = 0; i < 2; ++i) BOOST_TEST(remove_three(*driver, host, each) == STREAMD_OK);
  BOOST_TEST(count_kinds(server).at("POST") == 1);
  BOOST_TEST(count_kinds(server).at("DELETE") == 6);
}

BOOST_AUTO_TEST_CASE(if_absent_is_asked_for_and_remembered) {
  struct Case {
    int first, second;  // what the store answers to the probe's puts
    bool honoured;
  };
  for (const Case& one :
       {Case{200, 412, true}, Case{412, 412, true}, Case{200, 200, false}, Case{501, 501, false}}) {
    std::atomic<int> probes = 0;
    ScriptedServer server([&](const SeenRequest& request, std::size_t) {
      if (request.line().find("/bucket/.streamd-probe ") != std::string::npos)
        return response(probes++ == 0 ? one.first : one.second, "");
      return response(200, "<ListBucketResult></ListBucketResult>");
    });
    const auto driver = open_at(server.endpoint());
    const TestCall host;
    const sdk::Call call(&host.abi);
    streamd_caps caps{};
    for (int i = 0; i < 2; ++i) BOOST_TEST(driver->probe(call, caps) == STREAMD_OK);
    BOOST_TEST(((caps.flags & STREAMD_CAP_IF_ABSENT) != 0) == one.honoured);
    BOOST_TEST(probes.load() == (one.first == 200 ? 2 : 1));
    BOOST_TEST(put(*driver, host, "k", TestSource(1), STREAMD_PUT_IF_ABSENT) ==
               (one.honoured ? STREAMD_OK : STREAMD_UNSUPPORTED));
  }
}

BOOST_AUTO_TEST_CASE(if_absent_that_is_not_known_is_asked_for_again) {
  struct Case {
    int status;  // of the probe's first put; from then on the store honours if-absent
    const char* word;
    streamd_code probed;
  };
  for (const Case& one :
       {Case{403, "AccessDenied", STREAMD_OK}, Case{405, "", STREAMD_OK},
        Case{400, "InvalidArgument", STREAMD_OK}, Case{409, "OperationAborted", STREAMD_TRANSIENT},
        Case{307, "TemporaryRedirect", STREAMD_TRANSIENT},
        Case{400, "RequestTimeout", STREAMD_TRANSIENT}, Case{408, "", STREAMD_TRANSIENT},
        Case{500, "", STREAMD_TRANSIENT}, Case{503, "SlowDown", STREAMD_THROTTLED},
        Case{403, "InvalidAccessKeyId", STREAMD_AUTH}}) {
    std::atomic<bool> well = false;
    ScriptedServer server([&](const SeenRequest& request, std::size_t) {
      if (request.line().find("/bucket/.streamd-probe ") != std::string::npos)
        return well ? response(412, "") : response(one.status, error_xml(one.word));
      return response(200, "<ListBucketResult></ListBucketResult>");
    });
    const auto driver = open_at(server.endpoint());
    const TestCall host;
    const sdk::Call call(&host.abi);
    streamd_caps caps{};
    BOOST_TEST(driver->probe(call, caps) == one.probed, one.status << " " << one.word);
    BOOST_TEST((caps.flags & STREAMD_CAP_IF_ABSENT) == 0u);
    if (one.probed == STREAMD_OK) {
      BOOST_TEST(put(*driver, host, "k", TestSource(1), STREAMD_PUT_IF_ABSENT) ==
                 STREAMD_UNSUPPORTED);
      BOOST_TEST(host.message().find("is not known") != std::string::npos, host.message());
    }
    well = true;
    BOOST_TEST(driver->probe(call, caps) == STREAMD_OK);
    BOOST_TEST((caps.flags & STREAMD_CAP_IF_ABSENT) != 0u, one.status << " " << one.word);
    BOOST_TEST(put(*driver, host, "k", TestSource(1), STREAMD_PUT_IF_ABSENT) == STREAMD_OK);
  }
}

BOOST_AUTO_TEST_CASE(what_a_store_says_of_its_lifecycle_rules) {
  const auto ask = [](int status, const std::string& body, std::vector<ExpiryRule>& rules) {
    ScriptedServer server([&](const SeenRequest& request, std::size_t) {
      BOOST_TEST(request.line().find("?lifecycle=") != std::string::npos, request.line());
      return response(status, body);
    });
    const auto driver = open_at(server.endpoint());
    const TestCall host;
    const sdk::Call call(&host.abi);
    return static_cast<Store&>(*driver).expiry_rules(call, rules);
  };
  const auto error = [](const std::string& code) {
    return "<Error><Code>" + code + "</Code></Error>";
  };
  std::vector<ExpiryRule> rules;
  BOOST_TEST(ask(200,
                 "<LifecycleConfiguration><Rule><Status>Enabled</Status><Expiration><Days>1</Days>"
                 "</Expiration></Rule></LifecycleConfiguration>",
                 rules) == STREAMD_OK);
  BOOST_TEST(rules.size() == 1u);
  BOOST_TEST(ask(404, error("NoSuchLifecycleConfiguration"), rules) == STREAMD_OK);
  BOOST_TEST(rules.empty());
  BOOST_TEST(ask(403, error("AccessDenied"), rules) == STREAMD_PERMISSION);
  BOOST_TEST(ask(501, error("NotImplemented"), rules) == STREAMD_UNSUPPORTED);
  BOOST_TEST(ask(200, "<html/>", rules) == STREAMD_UNSUPPORTED);
}

BOOST_AUTO_TEST_CASE(lists_follow_the_token_and_hide_the_probe) {
  ScriptedServer server([](const SeenRequest& request, std::size_t) {
    const bool second = request.line().find("continuation-token=t%2F1") != std::string::npos;
    return response(200, second ? "<ListBucketResult><Contents><Key>b</Key></Contents>"
                                  "</ListBucketResult>"
                                : "<ListBucketResult><IsTruncated>true</IsTruncated>"
                                  "<NextContinuationToken>t/1</NextContinuationToken>"
                                  "<Contents><Key>.streamd-probe</Key></Contents>"
                                  "<Contents><Key>a</Key></Contents></ListBucketResult>");
  });
  const auto driver = open_at(server.endpoint());
  const TestCall host;
  const sdk::Call call(&host.abi);
  std::string keys;
  const streamd_list_sink sink{&keys, [](void* to, const char* key, const streamd_object*) {
                                 *static_cast<std::string*>(to) += key;
                                 return streamd_code{STREAMD_OK};
                               }};
  const streamd_list request{sizeof request, 0, "p/", "p/0"};
  BOOST_TEST(driver->list(call, request, sink) == STREAMD_OK);
  BOOST_TEST(keys == "ab");
  BOOST_TEST(server.seen().at(0).line() ==
             "GET /bucket?encoding-type=url&list-type=2&max-keys=1000&prefix=p%2F&start-after=p%2F0"
             " HTTP/1.1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
