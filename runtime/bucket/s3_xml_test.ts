import { assertEquals } from "@std/assert";
import { parseListing, parseS3Error } from "./s3_xml.ts";

Deno.test("parseS3Error() reads code and message, and nothing off anything else", () => {
  const xml =
    `<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code><Message>It&apos;s &lt;gone&gt;\nfor &quot;good&quot;</Message></Error>`;
  assertEquals(parseS3Error(xml), {
    code: "NoSuchKey",
    message: `It's <gone>\nfor "good"`,
  });
  for (
    const body of ["", "<html>Bad gateway</html>", "{}", "<Code>", "<Code/>"]
  ) {
    assertEquals(parseS3Error(body), { code: "", message: "" }, body);
  }
  assertEquals(
    parseS3Error(`<Message>${"x".repeat(300)}</Message>`).message.length,
    200,
  );
});

Deno.test("parseListing() reads the objects of a page", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>b</Name><Prefix>releases/</Prefix><IsTruncated>true</IsTruncated>
  <NextContinuationToken>a+/=&amp;b</NextContinuationToken>
  <Contents><Key>a&amp;b &lt;c&gt; &#x1F600;&#228;</Key><Size>12</Size><ETag>&quot;abc&quot;</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>
  <Contents>
    <Key>d</Key>
    <Size>0</Size>
  </Contents>
</ListBucketResult>`;
  assertEquals(parseListing(xml), {
    objects: [
      {
        key: "a&b <c> 😀ä",
        size: 12,
        etag: `"abc"`,
        lastModified: "2026-01-02T03:04:05.000Z",
      },
      { key: "d", size: 0, etag: "", lastModified: "" },
    ],
    truncated: true,
    nextToken: "a+/=&b",
  });
});

Deno.test("parseListing() reads the last page, and an empty one", () => {
  const page = (inside: string) =>
    parseListing(`<ListBucketResult>${inside}</ListBucketResult>`);
  const empty = { objects: [], truncated: false, nextToken: null };
  assertEquals(page("<IsTruncated>false</IsTruncated>"), empty);
  assertEquals(page(""), empty);
  assertEquals(page("<IsTruncated>true</IsTruncated>"), {
    ...empty,
    truncated: true,
  });
  assertEquals(parseListing("<ListBucketResult/>"), empty);
});

Deno.test("parseListing() takes no other answer for an empty page", () => {
  for (
    const body of [
      "",
      "<html></html>",
      "<Error><Code>x</Code></Error>",
      "<ListAllMyBucketsResult/>",
      "<ListBucketResults/>",
    ]
  ) {
    assertEquals(parseListing(body), null, body);
  }
});

Deno.test("parseListing() leaves entities alone that are none", () => {
  const [object] = parseListing(
    "<ListBucketResult><Contents><Key>&nbsp; &#x110000; &#999999999999; &amp;lt; &toString; &</Key></Contents></ListBucketResult>",
  )?.objects ?? [];
  assertEquals(
    object?.key,
    "&nbsp; &#x110000; &#999999999999; &lt; &toString; &",
  );
});

Deno.test("parseListing() reads prefixes, attributes and CDATA, and nothing that stands in a comment", () => {
  const page = parseListing(
    `<!DOCTYPE x><s3:ListBucketResult xmlns:s3="http://s3/"><!-- <s3:Contents><s3:Key>no</s3:Key></s3:Contents> -->
<s3:Contents  a="1" b='2/3' ><s3:Key xml:space="preserve"><![CDATA[a<&amp;>b]]></s3:Key ><s3:Size> 7 </s3:Size><s3:ETag/></s3:Contents
>
<s3:Contents><s3:Key>c<!-- x --></s3:Key><s3:Size>many</s3:Size></s3:Contents><s3:IsTruncated> true
</s3:IsTruncated><s3:NextContinuationToken>t</s3:NextContinuationToken></s3:ListBucketResult>`,
  );
  assertEquals(page, {
    objects: [
      { key: "a<&amp;>b", size: 7, etag: "", lastModified: "" },
      { key: "c", size: 0, etag: "", lastModified: "" },
    ],
    truncated: true,
    nextToken: "t",
  });
  const open = "<ListBucketResult><!-- <Contents><Key>a</Key></Contents>";
  assertEquals(parseListing(open)?.objects, []);
  assertEquals(
    parseS3Error("<Error><Code><![CDATA[NoSuchKey]]></Code></Error>").code,
    "NoSuchKey",
  );
});
