#include "reply.h"

#include <boost/test/unit_test.hpp>

namespace streamd::s3 {
namespace {

BOOST_AUTO_TEST_SUITE(reply)

BOOST_AUTO_TEST_CASE(errors) {
  const ErrorReply reply = parse_error(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>PermanentRedirect</Code>"
      "<Message>Use "
      "&lt;this&gt;</Message><Region>eu-west-1</Region><RequestId>R1</RequestId></Error>");
  BOOST_TEST(reply.code == "PermanentRedirect");
  BOOST_TEST(reply.message == "Use <this>");
  BOOST_TEST(reply.request_id == "R1");
  BOOST_TEST(reply.region == "eu-west-1");
  for (const char* other : {"", "not xml", "<html><body>502</body></html>", "<Error>"})
    BOOST_TEST(parse_error(other).code == "");
  BOOST_TEST(
      parse_error("<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>").code ==
      "ExpiredToken");  // of the token service
}

BOOST_AUTO_TEST_CASE(lists) {
  ListPage page;
  BOOST_TEST(
      parse_list("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                 "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                 "<Contents><Key>a+b%2Fc%2B</Key><LastModified>2015-08-30T12:36:00.000Z"
                 "</LastModified><ETag>&quot;e1&quot;</ETag><Size>7</Size></Contents>"
                 "<NextContinuationToken>t/+=</NextContinuationToken></ListBucketResult>",
                 page));
  BOOST_REQUIRE(page.objects.size() == 1u);
  BOOST_TEST(page.objects[0].key == "a b/c+");
  BOOST_TEST(page.objects[0].size == 7u);
  BOOST_TEST(page.objects[0].mtime_seconds == 1440938160);
  BOOST_TEST(page.objects[0].etag == "e1");
  BOOST_TEST(page.more);
  BOOST_TEST(page.next == "t/+=");
  ListPage plain;
  BOOST_TEST(
      parse_list("<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key> a+%41"
                 "</Key></Contents><NextContinuationToken>x</NextContinuationToken>"
                 "</ListBucketResult>",
                 plain));
  BOOST_TEST(plain.objects.at(0).key == " a+%41");
  BOOST_TEST(!plain.more);
  BOOST_TEST(plain.next == "");
  BOOST_TEST(!parse_list("<html/>", plain));
  BOOST_TEST(!parse_list("<ListBucketResult><Conte", plain));
}

BOOST_AUTO_TEST_CASE(lifecycle_rules) {
  const auto rules_of = [](const std::string& rules) {
    std::vector<ExpiryRule> found;
    BOOST_TEST(
        parse_lifecycle("<LifecycleConfiguration>" + rules + "</LifecycleConfiguration>", found));
    return found;
  };
  const std::string on = "<Status>Enabled</Status>",
                    thirty = "<Expiration><Days>30</Days></Expiration>";
  const auto found = rules_of(
      "<Rule><ID>old</ID><Prefix>a/</Prefix>" + on + thirty +
      "</Rule><Rule><ID>new</ID><Filter><And>"
      "<Prefix>b/</Prefix><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter>" +
      on +
      "<Transition><Days>7</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
      "<Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>"
      "<Rule><Filter><Prefix>c/</Prefix></Filter>" +
      on + "<Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration></Rule><Rule>" + on + thirty +
      "</Rule>");
  BOOST_REQUIRE_EQUAL(found.size(), 4u);
  BOOST_TEST((found[0].name == "old" && found[0].prefix == "a/" && found[0].days == 30 &&
              found[0].effect == STREAMD_EXPIRY_REMOVES));
  BOOST_TEST((found[1].name == "new" && found[1].prefix == "b/" && found[1].days == 90 &&
              found[1].effect == STREAMD_EXPIRY_ARCHIVES));
  BOOST_TEST((found[2].prefix == "c/" && found[2].days == 0));
  BOOST_TEST((found[3].prefix.empty() && found[3].name.empty() && found[3].days == 30));
  BOOST_TEST(rules_of("<Rule>" + on +
                      "<Transition><StorageClass>DEEP_ARCHIVE</StorageClass></Transition></Rule>")
                 .size() == 1u);
  // Not in force, about tagged objects only, about old versions and unfinished uploads.
  BOOST_TEST(rules_of("<Rule><Status>Disabled</Status>" + thirty + "</Rule>").empty());
  for (const char* filter : {"<Tag><Key>k</Key></Tag>", "<And><Tag><Key>k</Key></Tag></And>"})
    BOOST_TEST(
        rules_of("<Rule><Filter>" + std::string(filter) + "</Filter>" + on + thirty + "</Rule>")
            .empty());
  BOOST_TEST(
      rules_of(
          "<Rule>" + on +
          "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
          "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>"
          "</NoncurrentVersionExpiration><AbortIncompleteMultipartUpload>"
          "<DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>")
          .empty());
  std::vector<ExpiryRule> none;
  for (const char* other : {"", "<html/>", "<LifecycleConfiguration><Rule>"})
    BOOST_TEST(!parse_lifecycle(other, none));
}

BOOST_AUTO_TEST_CASE(bodies_of_requests) {
  std::string body;
  BOOST_TEST(delete_body({"a&b<c>", "\xc3\xa4"}, body));
  BOOST_TEST(body ==
             "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
             "<Object><Key>a&amp;b&lt;c&gt;</Key></Object>"
             "<Object><Key>\xc3\xa4</Key></Object></Delete>");
  BOOST_TEST(delete_body({"\xe6\x97\xa5", "\xf0\x9f\x98\x80"}, body));
  for (const std::string bad :
       {"a\x01", "a\tb", "\xff", "\xc0\xaf", "\x80", "\xc3", "\xc3(", "\xe6\x97", "\xf0\x9f\x98"})
    BOOST_TEST(!delete_body({"fine", bad}, body));
  BOOST_TEST(complete_body({"\"e1\""}) ==
             "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part>"
             "<PartNumber>1</PartNumber><ETag>\"e1\"</ETag></Part></CompleteMultipartUpload>");
}

BOOST_AUTO_TEST_CASE(uploads_and_removals) {
  BOOST_TEST(parse_upload_id("<InitiateMultipartUploadResult><UploadId>u/1</UploadId>"
                             "</InitiateMultipartUploadResult>") == "u/1");
  BOOST_TEST(parse_etag("<CompleteMultipartUploadResult><ETag>\"x-2\"</ETag>"
                        "</CompleteMultipartUploadResult>") == "x-2");
  for (const std::string etag : {"x-2", "\"", "\"x", "x\""})  // nothing to take off
    BOOST_TEST(parse_etag("<CompleteMultipartUploadResult><ETag>" + etag +
                          "</ETag></CompleteMultipartUploadResult>") == etag);
  std::vector<DeleteError> errors;
  BOOST_TEST(
      parse_delete("<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code>"
                   "<Message>no</Message></Error></DeleteResult>",
                   errors));
  BOOST_TEST(errors.at(0).key + errors[0].code == "kAccessDenied");
  BOOST_TEST(!parse_delete("", errors));
}

BOOST_AUTO_TEST_CASE(uploads_that_are_open) {
  const auto list = [](const std::string& before) {
    return "<ListMultipartUploadsResult>" + before +
           "<Upload><Key>a%2Fb</Key><UploadId>u</UploadId><Initiated>2015-08-30T12:36:00.000Z"
           "</Initiated></Upload></ListMultipartUploadsResult>";
  };
  std::vector<OpenUpload> uploads;
  BOOST_TEST(parse_uploads(list(""), uploads));
  BOOST_TEST(parse_uploads(list("<EncodingType>url</EncodingType>"), uploads));
  BOOST_REQUIRE(uploads.size() == 2u);
  BOOST_TEST(uploads[0].key == "a%2Fb");
  BOOST_TEST(uploads[1].key == "a/b");
  BOOST_TEST(uploads[1].began_seconds == 1440938160);
  BOOST_TEST(!parse_uploads("<html/>", uploads));
}

BOOST_AUTO_TEST_CASE(roles) {
  const auto reply = [](const std::string& id, const std::string& secret,
                        const std::string& until) {
    return "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
           "<AccessKeyId>" +
           id + "</AccessKeyId><SecretAccessKey>" + secret +
           "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>" + until +
           "</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
           "</AssumeRoleWithWebIdentityResponse>";
  };
  const std::string until = "2015-08-30T12:36:00Z";
  RoleReply role;
  BOOST_TEST(parse_role(reply("id", "secret", until), role));
  BOOST_TEST(role.access_key_id + role.secret_access_key + role.session_token == "idsecrett");
  BOOST_TEST(role.expires_seconds == 1440938160);
  BOOST_TEST(!parse_role(reply("", "secret", until), role));
  BOOST_TEST(!parse_role(reply("id", "", until), role));
  BOOST_TEST(!parse_role(reply("id", "secret", "soon"), role));
  BOOST_TEST(!parse_role("<html/>", role));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
