import { assertEquals } from "@std/assert";
import { assertLinearTime } from "../../tests/support/linear_time.ts";
import { shownText, shownUrl, withoutSecrets } from "./shown_text.ts";

Deno.test("shownText() escapes what a terminal or a reader would be deceived by", () => {
  for (
    const [text, shown] of [
      ["plain ü 😀 文", "plain ü 😀 文"],
      ["a\nb\r\tc", "a\\nb\\r\\tc"],
      ["\x1b[31mred\x07", "\\u001b[31mred\\u0007"],
      ["a\x7fb\x9bc", "a\\u007fb\\u009bc"],
      ["exe\u202Etxt.ts", "exe\\u202etxt.ts"],
      ["\u2066a\u2069\u200f\u061c", "\\u2066a\\u2069\\u200f\\u061c"],
      ["a\u200bb\ufeff", "a\\u200bb\\ufeff"],
      ["\ud800x", "\\ud800x"],
      ["\u2028\u2029", "\\u2028\\u2029"],
      ["\u{e0041}", "\\u{e0041}"],
      ["👩\u200d🚀", "👩\\u200d🚀"],
    ] as const
  ) assertEquals(shownText(text), shown);
});

Deno.test("shownUrl() keeps scheme, host and path alone", () => {
  for (
    const [url, shown] of [
      ["https://h/a/b.tar.gz", "https://h/a/b.tar.gz"],
      ["https://h/a?X-Amz-Signature=s", "https://h/a"],
      ["https://h/a#token=s", "https://h/a"],
      ["http://KEY:SECRET@h:1/p", "http://[redacted]@h:1/p"],
      ["http://KEY@h", "http://[redacted]@h"],
      ["http://a:p@ss@h/x@y", "http://[redacted]@h/x@y"],
      ["http://h/x@y", "http://h/x@y"],
      ["user:pass@host/x", "[redacted]@host/x"],
      ["//u:p@h/x?y", "//[redacted]@h/x"],
      ["http://u:p@h\n/x", "http://[redacted]@h\\n/x"],
      ["", ""],
    ] as const
  ) assertEquals(shownUrl(url), shown);
});

Deno.test("withoutSecrets() finds URLs and secrets wherever they stand", () => {
  assertEquals(
    withoutSecrets(
      'error sending request for url (https://u:p@h/a?sig=1): "http://x/?y", then 12',
    ),
    'error sending request for url (https://[redacted]@h/a "http://x/", then 12',
  );
  const secret = "wJalr/K7+x=";
  const said = withoutSecrets(
    `a ${secret} b ${encodeURIComponent(secret)} c`,
    [secret, "", "ab"],
  );
  assertEquals(said, "a [redacted] b [redacted] c");
});

Deno.test("withoutSecrets() finds tokens and keys by their shape", () => {
  for (
    const [text, shown] of [
      [
        "Authorization: FlyV1 fm2_lJPECAAAAA+/=,fm2_abcdefgh x",
        "Authorization: FlyV1 [redacted] x",
      ],
      ["Bearer abc.def-ghi_jkl", "Bearer [redacted]"],
      ["(fo1_AbCdEfGh12)", "([redacted])"],
      ["Credential=AKIAIOSFODNN7EXAMPLE/2026", "Credential=[redacted]/2026"],
      ["tid_AbCdEfGhIj tsec_AbCdEfGhIj", "[redacted] [redacted]"],
      [
        "fm2_x, AKIA, tid_1, a Bearer of news",
        "fm2_x, AKIA, tid_1, a Bearer of news",
      ],
      ["pid_12345678 MAKIAVELLI12345678", "pid_12345678 MAKIAVELLI12345678"],
    ] as const
  ) assertEquals(withoutSecrets(text), shown);
});

Deno.test("the time grows with the length of the text, not with its square", () => {
  for (
    const piece of [
      "http://",
      "a",
      "@",
      "\n",
      "://@",
      "h+.-",
      "http://a@",
      "Bearer ",
    ]
  ) {
    for (const act of [shownText, shownUrl, withoutSecrets]) {
      assertLinearTime(act, piece);
    }
  }
});
