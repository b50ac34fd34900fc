"""What stores do differently, as rows of data. Where it is known from is said in README.md."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Dialect:
    name: str
    regions: tuple             # that may be signed for
    wrong_region: str          # the error code then; "AuthorizationHeaderMalformed" names the right one
    if_none_match: str         # of PutObject: "honoured", "refused" (501) or "ignored"
    key_id_length: int = 0     # 0 = any
    unknown_key: tuple = (403, "InvalidAccessKeyId")
    equal_parts: bool = False  # all parts but the last one of an upload have the same size
    md5_of_parts: bool = True  # the ETag of a part is its MD5; else it says nothing
    parts_at_once: int = 0     # of one upload, more answer 500; 0 = any number
    streaming: bool = False    # aws-chunked bodies
    refused_headers: tuple = ()  # beginnings of names, 501 NotImplemented
    clock_window: int = 900    # seconds
    md5_for_batches: bool = True  # DeleteObjects without Content-MD5 is refused


DIALECTS = {row.name: row for row in (
    Dialect("r2", ("auto", "us-east-1", ""), "InvalidRegionName", "honoured", key_id_length=32,
            unknown_key=(401, "Unauthorized"), equal_parts=True, md5_of_parts=False, parts_at_once=3,
            refused_headers=("x-amz-grant-", "x-amz-tagging", "x-amz-object-lock-", "x-amz-checksum-",
                             "x-amz-sdk-checksum-", "x-amz-trailer", "x-amz-expected-bucket-owner",
                             "x-amz-request-payer", "x-amz-server-side-encryption-aws-")),
    Dialect("spaces", ("nyc3",), "AuthorizationHeaderMalformed", "refused",
            refused_headers=("x-amz-tagging", "x-amz-trailer", "x-amz-checksum-", "x-amz-sdk-checksum-")),
    Dialect("aws", ("us-east-1",), "AuthorizationHeaderMalformed", "honoured"),
)}
