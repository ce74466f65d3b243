import { assertEquals } from "@std/assert";
import { CookieJar } from "./cookies.ts";

Deno.test("CookieJar keeps what is set, and forgets what is over", () => {
  const jar = new CookieJar();
  assertEquals(jar.header, null);
  jar.take(["sid=a=b; Path=/; HttpOnly", "theme=dark"]);
  assertEquals(jar.header, "sid=a=b; theme=dark");
  jar.take(["theme=light", "broken", "=x"]);
  assertEquals(jar.header, "sid=a=b; theme=light");
  jar.take(["theme=light; Max-Age=0"]);
  assertEquals(jar.header, "sid=a=b");
  jar.take(["sid=; Path=/"]);
  assertEquals(jar.header, null);
  jar.take([
    "a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "b=2; Expires=Fri, 01 Jan 2999 00:00:00 GMT; Max-Age=60",
  ]);
  assertEquals(jar.header, "b=2");
});
