import { assertEquals } from "@std/assert";
import { parseJsonc } from "@flyhot/runtime/protocol";
import { addItems, setValue } from "./deno_json_edit.ts";

const add = (text: string) =>
  setValue(text, ["imports", "@flyhot/runtime"], "jsr:x");

Deno.test("setValue() leaves what stood last as it was written", () => {
  const before = `{
  "tasks": { "dev": "x" },
  "imports": { "hono": "npm:hono@4", /* why */ "a": [1, 2] }
}
`;
  assertEquals(
    setValue(before, ["flyhot", "keep"], ["a.ts#a"]),
    before.replace(
      "[1, 2] }",
      `[1, 2] },
  "flyhot": {
    "keep": [
      "a.ts#a"
    ]
  }`,
    ),
  );
  assertEquals(
    setValue(`{ "flyhot": { "entry": ["a.ts"] } }`, ["flyhot", "keep"], ["b"])
      ?.replace(/\s+/g, " "),
    `{ "flyhot": { "entry": ["a.ts"], "keep": [ "b" ] } }`,
  );
});

Deno.test("setValue() adds at the end, as the file is written", () => {
  assertEquals(
    add('{\n  "imports": {\n    "a": "b"\n  }\n}\n'),
    '{\n  "imports": {\n    "a": "b",\n    "@flyhot/runtime": "jsr:x"\n  }\n}\n',
  );
  assertEquals(
    add('{\n\t"imports": {}\n}\n'),
    '{\n\t"imports": {\n\t\t"@flyhot/runtime": "jsr:x"\n\t}\n}\n',
  );
  assertEquals(
    add('{\r\n  "a": 1\r\n}\r\n'),
    '{\r\n  "a": 1,\r\n  "imports": {\r\n    "@flyhot/runtime": "jsr:x"\r\n  }\r\n}\r\n',
  );
  assertEquals(
    setValue("", ["flyhot", "entry"], "main.ts"),
    '{\n  "flyhot": {\n    "entry": "main.ts"\n  }\n}\n',
  );
});

Deno.test("setValue() keeps comments with the lines that they are about, and trailing commas", () => {
  assertEquals(
    add(
      '// top\n{\n  /* { */ "imports": {\n    "a": "b", // not "c": {\n    "d": "e" // last\n  }, // end\n}\n',
    ),
    '// top\n{\n  /* { */ "imports": {\n    "a": "b", // not "c": {\n    "d": "e", // last\n    "@flyhot/runtime": "jsr:x"\n  }, // end\n}\n',
  );
  assertEquals(
    add('{\n  "imports": {\n    "a": "b", // c\n  },\n}\n'),
    '{\n  "imports": {\n    "a": "b", // c\n    "@flyhot/runtime": "jsr:x",\n  },\n}\n',
  );
});

Deno.test("addItems() adds what is missing, and makes the list where there is none", () => {
  const keep = ["flyhot", "keep"];
  const text =
    '{\n  "flyhot": {\n    "keep": ["a.ts#b", /* c */ "c.ts#d"]\n  } // x\n}\n';
  assertEquals(addItems(text, keep, ["c.ts#d"]), text);
  const after = addItems(text, keep, ["c.ts#d", "e.ts#f"])!;
  assertEquals(after.includes("/* c */") && after.includes("// x"), true);
  assertEquals(parseJsonc(after), {
    flyhot: { keep: ["a.ts#b", "c.ts#d", "e.ts#f"] },
  });
  assertEquals(addItems(after, keep, ["c.ts#d", "e.ts#f"]), after);
  assertEquals(
    addItems("{}\n", keep, ["a.ts#b"]),
    '{\n  "flyhot": {\n    "keep": [\n      "a.ts#b"\n    ]\n  }\n}\n',
  );
  assertEquals(addItems('{ "flyhot": { "keep": 1 } }', keep, ["a"]), null);
});

Deno.test("what is not one object is left to a person", () => {
  for (const text of ["[]", '{ "imports": { "a": "b" ', "{ a: 1 }", "x"]) {
    assertEquals(add(text), null, text);
  }
});

Deno.test("setValue() never breaks a file, however it is written", () => {
  const blanks = ["", " ", "\n", "\n  ", " // x\n", " /* , } */ "];
  let count = 0;
  for (const one of blanks) {
    for (const two of blanks) {
      for (const comma of ["", ","]) {
        for (const members of ['"a": 1', '"a": { "b": [1, 2] }', ""]) {
          if (members === "" && comma !== "") continue;
          const text = `{${one}${members}${one}${comma}${two}}${two}`;
          const after = add(text)!;
          count++;
          const before = parseJsonc(text) as Record<string, unknown>;
          assertEquals(parseJsonc(after), {
            ...before,
            imports: { "@flyhot/runtime": "jsr:x" },
          }, text);
          for (const comment of text.match(/\/\/ x|\/\* , } \*\//g) ?? []) {
            assertEquals(after.includes(comment), true, after);
          }
        }
      }
    }
  }
  assertEquals(count, 180);
});
