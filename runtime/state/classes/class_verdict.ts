/** Whether kept instances of a class can follow its successor.
 * @module
 */
import type { ClassShape, FieldShape } from "./class_shape.ts";
import { classShape } from "./class_shape.ts";
import { isSelfContained } from "../texts/free_names.ts";
import { tokensOf } from "../texts/class_text.ts";

/** Why instances cannot follow. */
export interface ClassRefusal {
  /** The class, or the field: `Game.id`. */
  readonly subject: string;
  /** Why, to be read after the subject. */
  readonly why: string;
}

/** What is to be done about kept instances of one class. */
export interface ClassVerdict {
  /** Why they cannot follow; empty where they can. */
  readonly refusals: readonly ClassRefusal[];
  /** The fields they are given. */
  readonly fill: readonly FieldShape[];
}

/** Whether what a field begins with is a function. */
export function isFunctionText(text: string): boolean {
  return /=>|^(?:async )?function\b/.test(text);
}

/** What to do where instances cannot follow. */
export function classRemedy(name: string): string {
  return `give the declaration classes: { ${name}: (old) => … }, or raise its version and migrate`;
}

/**
 * Judges whether instances that the old class made can live on under the new one.
 *
 * New methods need no judgment: they are taken over. What only construction gives to an instance must be the same,
 * or be something that can be given afterwards.
 */
export function judgeClass(
  name: string,
  old: ClassShape,
  next: ClassShape,
): ClassVerdict {
  const refusals: ClassRefusal[] = [];
  const fill: FieldShape[] = [];
  const privates = [...new Set([...old.private, ...next.private])];
  if (privates.length > 0) {
    refusals.push({
      subject: name,
      why: `has private members (${
        privates.join(", ")
      }), which methods of the new class cannot reach in instances of the old one`,
    });
    return { refusals, fill };
  }
  if (old.extends !== next.extends) {
    refusals.push({
      subject: name,
      why: `extends ${next.extends || "nothing"} now, ${
        old.extends || "nothing"
      } before`,
    });
  }
  const before = construction(old);
  const after = construction(next);
  for (const field of after.fields) {
    const subject = subjectOf(name, field.name);
    const known = before.fields.find((it) => it.name === field.name);
    if (!known) {
      if (canBeFilled(field)) fill.push(field);
      else {
        refusals.push({
          subject,
          why: !next.fields.includes(field)
            ? "is new and comes from the constructor"
            : isComputed(field)
            ? "is a new field, and its name is not known before it is made"
            : "is a new field, and its initializer names what only a new instance gets",
        });
      }
    } else if (tokens(known.text) !== tokens(field.text)) {
      const isMethod = isFunctionText(field.text);
      if (isMethod && canBeFilled(field)) fill.push(field);
      else {
        refusals.push({
          subject,
          why: isMethod
            ? "is a function of the old code, and its new text names what only a new instance gets"
            : "has another initializer, and kept instances have what the old one gave them",
        });
      }
    }
  }
  if (
    refusals.length === 0 &&
    rest(old, new Set()) !== rest(next, new Set(fill.map((it) => it.name)))
  ) {
    refusals.push({
      subject: name,
      why:
        "has another constructor, which kept instances have not been through",
    });
  }
  return { refusals, fill };
}

/** Whether a field can be given to instances that are there already. */
function canBeFilled(field: FieldShape): boolean {
  return field.selfContained && !isComputed(field);
}

function subjectOf(name: string, field: string): string {
  return isComputed({ name: field })
    ? name + field.replaceAll(/ ?([.()[\]]) ?/g, "$1")
    : `${name}.${field}`;
}

function isComputed({ name }: Pick<FieldShape, "name">): boolean {
  return name.startsWith("[");
}

/** Fields that instances keep although the new class has none of these names, but a method or an accessor. */
function hiding(
  name: string,
  old: readonly ClassShape[],
  next: ClassShape,
  prototype: object,
): ClassRefusal[] {
  const names = new Set(construction(next).fields.map((it) => it.name));
  const hiding = new Set(
    old.flatMap((shape) => construction(shape).fields)
      // A function of the old code is judged where it is found.
      .filter(({ text }) => !isFunctionText(text)).map(({ name }) => name),
  );
  return [...hiding].filter((field) => !names.has(field) && field in prototype)
    .map((field) => ({
      subject: subjectOf(name, field),
      why:
        "is not a field any more, and that of kept instances hides what is there now",
    }));
}

interface Assignment {
  readonly name: string;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** All fields that construction gives: declared ones, and those that the constructor assigns by their names. */
function construction({ fields, construct }: ClassShape): {
  readonly fields: readonly FieldShape[];
} {
  const assigned = assignments(construct).map(({ name, text }) => ({
    name,
    text,
    selfContained: isSelfContained(text),
  }));
  // Assigned once more in the constructor, the declared value is not what an instance has.
  const names = new Set(assigned.map(({ name }) => name));
  return {
    fields: [...fields.filter(({ name }) => !names.has(name)), ...assigned],
  };
}

function assignments(construct: string): Assignment[] {
  const found: Assignment[] = [];
  const all = tokensOf(construct);
  const body = all.findIndex(({ text, depth }, at) =>
    text === "{" && depth === 0 && at > 0
  );
  for (let at = body + 1; body > 0 && at < all.length - 4; at++) {
    const [self, dot, name, equals, first] = all.slice(at, at + 5);
    const begins = self!.text === "this" && self!.depth === 1 &&
      /^[{;}]$/.test(all[at - 1]!.text);
    if (
      !begins || dot!.text !== "." || equals!.text !== "=" ||
      first!.text === "="
    ) continue;
    let to = at + 4;
    while (
      to < all.length - 1 && !(all[to]!.text === ";" && all[to]!.depth === 1)
    ) {
      to++;
    }
    found.push({
      name: name!.text,
      text: construct.slice(first!.start, all[to]!.start).trim(),
      from: self!.start,
      to: all[to]!.text === ";" ? all[to]!.start + 1 : all[to]!.start,
    });
  }
  return found;
}

/** A constructor without the assignments of some fields. */
function rest(
  { construct }: ClassShape,
  without: ReadonlySet<string>,
): string {
  let text = construct;
  for (const { name, from, to } of assignments(construct).toReversed()) {
    if (without.has(name)) text = text.slice(0, from) + text.slice(to);
  }
  const said = tokens(text);
  // As if it were not there.
  return /^\( (?:\. \. \. (\w+) )?\) \{ (?:super \( (?:\. \. \. \1 )?\) ; )?\}$/
      .test(said)
    ? ""
    : said;
}

function tokens(text: string): string {
  return tokensOf(text).map(({ text }) => text).join(" ");
}

/**
 * Judges two classes by their texts; of those that cannot be read, nothing is said.
 *
 * @param earlier what the old class took the place of, of which there may be instances as well
 */
export function verdictOf(
  name: string,
  old: Parameters<typeof classShape>[0],
  next: Parameters<typeof classShape>[0],
  earlier: readonly Parameters<typeof classShape>[0][] = [],
): ClassVerdict {
  const [before, after] = [classShape(old), classShape(next)];
  if (!before || !after) return { refusals: [], fill: [] };
  const { refusals, fill } = judgeClass(name, before, after);
  const shapes = [before, ...earlier.flatMap((it) => classShape(it) ?? [])];
  const hidden = hiding(name, shapes, after, next.prototype);
  return { refusals: [...refusals, ...hidden], fill };
}
