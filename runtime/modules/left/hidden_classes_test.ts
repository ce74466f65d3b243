import { assertEquals } from "@std/assert";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { classNames } from "../hooks/module_source.ts";
import { hiddenClasses, mayHideClasses } from "./hidden_classes.ts";

const parse = await acornParser(false);

function hidden(text: string): string[] {
  const end = hiddenClasses(text, parse(text), "file:///a.js");
  return [...end.matchAll(/"([\w$.]+)": \(\) => ([\w$.]+)/g)].map(
    ([, name, value]) => {
      assertEquals(name, value);
      return name!;
    },
  );
}

Deno.test("hiddenClasses() finds the classes of a module that its lines do not show", () => {
  const all: Readonly<Record<string, readonly string[]>> = {
    "let it; class Room {} export class Hall extends Room {}": ["Room", "Hall"],
    "const Room = (class {});\nconst Hall = class {};": ["Room"],
    "const kinds = { Room: class { x = 1 }, 'Hall': class extends kinds {}, n: 1 };":
      ["kinds.Room", "kinds.Hall"],
    "  class Room { }\nclass Hall {}": ["Room"],
    "class Room {}\nconst f = () => { class Inner {} };": [],
    "// a class here {\nclass Room {}": [],
    "export default class {}": [],
  };
  for (const [text, names] of Object.entries(all)) {
    assertEquals(hidden(text), names, text);
  }
  assertEquals(mayHideClasses("class Room {}\nexport class Hall {}"), false);
});

Deno.test("classNames() finds what lines show, and what a call has made under the name of a class", () => {
  const text = `class Room {}
export class Hall extends Room {}
const Door = class {};
const Sorted = sortable(Room);
const sorted = sortable(Room);
const Schema = z
  .object({});
`;
  assertEquals(classNames(text), ["Room", "Hall", "Door", "Sorted"]);
});
