/** Reads what a manifest says of a module.
 * @module
 */
import {
  boolean,
  count,
  listOf,
  maybe,
  object,
  oneOf,
  type Reader,
  recordOf,
  string,
} from "../json/parse.ts";
import {
  type AssignedField,
  type ClassFact,
  type Effects,
  type EnumFact,
  type ExportFact,
  type FieldFact,
  type GlobalWrite,
  type ImportFact,
  type KeptFact,
  type LocalState,
  type MethodFact,
  type ModuleAnalysis,
  type NameRef,
  type RepeatFact,
  type StateBinding,
  type TakenMember,
  type TextRecord,
  type Touch,
  type UnkeepableFact,
  VALUE_KINDS,
} from "./module_analysis.ts";
import type { OwnedFact, PacedBy, PacingFact } from "./owned_facts.ts";

import { rebindFacts } from "./rebind_facts.ts";

const importFact: Reader<ImportFact> = (value, at) => {
  const it = object(value, at);
  return {
    specifier: string(it.specifier, `${at}.specifier`),
    line: count(it.line, `${at}.line`),
    ...maybe(it, "names", listOf(string), at),
    ...maybe(it, "locals", listOf(string), at),
    ...maybe(it, "dynamic", boolean, at),
  };
};

const nameRef: Reader<NameRef> = (value, at) => {
  const it = object(value, at);
  return {
    ...maybe(it, "specifier", string, at),
    name: string(it.name, `${at}.name`),
    ...maybe(it, "global", boolean, at),
  };
};

const touch: Reader<Touch> = (value, at) => {
  const it = object(value, at);
  return {
    specifier: string(it.specifier, `${at}.specifier`),
    name: string(it.name, `${at}.name`),
    how: oneOf(
      "call",
      "construct",
      "method",
      "pass",
      "write",
      "read",
      "extend",
    )(it.how, `${at}.how`),
    ...maybe(it, "member", string, at),
    line: count(it.line, `${at}.line`),
    column: count(it.column, `${at}.column`),
    ...maybe(it, "callbacks", effects, at),
    ...maybe(it, "derived", listOf(string), at),
  };
};

const effects: Reader<Effects> = (value, at) => {
  const it = object(value, at);
  return {
    ...maybe(it, "touches", listOf(count), at),
    ...maybe(it, "state", listOf(string), at),
    ...maybe(it, "reads", listOf(string), at),
    ...maybe(it, "callsBack", boolean, at),
    ...maybe(it, "made", effects, at),
  };
};

const exportFact: Reader<ExportFact> = (value, at) => {
  const it = object(value, at);
  return {
    kind: oneOf(...VALUE_KINDS)(it.kind, `${at}.kind`),
    ...maybe(it, "local", string, at),
    ...maybe(it, "line", count, at),
    ...maybe(it, "column", count, at),
    ...maybe(it, "of", nameRef, at),
    ...maybe(it, "from", nameRef, at),
    ...maybe(it, "class", string, at),
    ...maybe(it, "effects", effects, at),
    ...maybe(it, "returns", oneOf(...VALUE_KINDS), at),
    ...maybe(it, "generator", boolean, at),
    ...maybe(it, "selfless", boolean, at),
    ...maybe(it, "fields", exportFacts, at),
    ...maybe(it, "plain", boolean, at),
    ...maybe(it, "reassigned", boolean, at),
    ...maybe(it, "literal", boolean, at),
  };
};
const exportFacts: Reader<Record<string, ExportFact>> = (value, at) =>
  recordOf(exportFact)(value, at);

const stateBinding: Reader<StateBinding> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    line: count(it.line, `${at}.line`),
    column: count(it.column, `${at}.column`),
    why: STATE_WHY(it.why, `${at}.why`),
    detail: string(it.detail, `${at}.detail`),
    ...maybe(it, "of", listOf(nameRef), at),
  };
};

const STATE_WHY = oneOf("written", "mutated", "instance", "handle");

const localState: Reader<LocalState> = (value, at) => {
  const it = object(value, at);
  return {
    why: STATE_WHY(it.why, `${at}.why`),
    detail: string(it.detail, `${at}.detail`),
    ...maybe(it, "of", listOf(nameRef), at),
  };
};

const fieldFact: Reader<FieldFact> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    line: count(it.line, `${at}.line`),
    text: string(it.text, `${at}.text`),
    ...maybe(it, "digest", string, at),
    ...maybe(it, "selfContained", boolean, at),
    ...maybe(it, "effects", effects, at),
  };
};

const methodFact: Reader<MethodFact> = (value, at) => {
  const it = object(value, at);
  return {
    digest: string(it.digest, `${at}.digest`),
    ...maybe(it, "effects", effects, at),
  };
};

const assignedField: Reader<AssignedField> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    text: string(it.text, `${at}.text`),
    ...maybe(it, "digest", string, at),
    ...maybe(it, "usesParameters", boolean, at),
  };
};

const classFact: Reader<ClassFact> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    line: count(it.line, `${at}.line`),
    ...maybe(it, "extends", nameRef, at),
    ...maybe(it, "private", listOf(string), at),
    ...maybe(it, "methods", recordOf(methodFact), at),
    ...maybe(it, "fields", listOf(fieldFact), at),
    ...maybe(it, "parameters", count, at),
    ...maybe(it, "assigned", listOf(assignedField), at),
    ...maybe(it, "statics", listOf(fieldFact), at),
    ...maybe(it, "construct", effects, at),
  };
};

const memberValue: Reader<string | number | null> = (value, at) =>
  value === null || typeof value === "number" ? value : string(value, at);

const enumFact: Reader<EnumFact> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    line: count(it.line, `${at}.line`),
    members: recordOf(memberValue)(it.members, `${at}.members`),
  };
};

const pacedBy: Reader<PacedBy> = (value, at) => {
  const it = object(value, at);
  return {
    ...maybe(it, "specifier", string, at),
    name: string(it.name, `${at}.name`),
  };
};

const ownedFact: Reader<OwnedFact> = (value, at) => {
  const it = object(value, at);
  return {
    kind: oneOf(
      "server",
      "interval",
      "timeout",
      "cron",
      "worker",
      "listener",
      "loop",
    )(it.kind, `${at}.kind`),
    line: count(it.line, `${at}.line`),
    detail: string(it.detail, `${at}.detail`),
    ...maybe(it, "later", boolean, at),
    ...maybe(it, "unpaced", boolean, at),
    ...maybe(it, "pacedBy", listOf(pacedBy), at),
  };
};

const pacingFact: Reader<PacingFact> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    ...maybe(it, "timer", boolean, at),
    ...maybe(it, "by", listOf(pacedBy), at),
    ...maybe(it, "loop", boolean, at),
    ...maybe(it, "loopBy", listOf(pacedBy), at),
  };
};

const textRecord: Reader<TextRecord> = (value, at) => {
  const it = object(value, at);
  return {
    digest: string(it.digest, `${at}.digest`),
    ...maybe(it, "uses", listOf(nameRef), at),
  };
};

const repeatFact: Reader<RepeatFact> = (value, at) => {
  const it = object(value, at);
  return {
    detail: string(it.detail, `${at}.detail`),
    ...maybe(it, "isRead", boolean, at),
    line: count(it.line, `${at}.line`),
    column: count(it.column, `${at}.column`),
  };
};

const globalWrite: Reader<GlobalWrite> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    line: count(it.line, `${at}.line`),
    column: count(it.column, `${at}.column`),
    ...maybe(it, "again", boolean, at),
    ...maybe(it, "specifier", string, at),
    ...maybe(it, "calls", effects, at),
  };
};

const takenMember: Reader<TakenMember> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    line: count(it.line, `${at}.line`),
    column: count(it.column, `${at}.column`),
  };
};

const keptFact: Reader<KeptFact> = (value, at) => {
  const it = object(value, at);
  return {
    ...textRecord(value, at),
    name: string(it.name, `${at}.name`),
    line: count(it.line, `${at}.line`),
    column: count(it.column, `${at}.column`),
    ...maybe(it, "local", boolean, at),
    ...maybe(it, "state", localState, at),
    ...maybe(it, "inside", string, at),
    ...maybe(it, "early", boolean, at),
    ...maybe(it, "byItself", boolean, at),
    ...maybe(it, "fixed", boolean, at),
    ...maybe(it, "repeats", listOf(repeatFact), at),
    ...maybe(it, "of", nameRef, at),
    ...maybe(it, "members", listOf(takenMember), at),
    ...maybe(it, "library", string, at),
  };
};

const unkeepableFact: Reader<UnkeepableFact> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    why: string(it.why, `${at}.why`),
    line: count(it.line, `${at}.line`),
  };
};

const brokenFact: Reader<NonNullable<ModuleAnalysis["broken"]>> = (
  value,
  at,
) => {
  const it = object(value, at);
  return {
    line: count(it.line, `${at}.line`),
    column: count(it.column, `${at}.column`),
    message: string(it.message, `${at}.message`),
  };
};

/** Reads what one module does. Throws if it is not one. */
export const moduleAnalysis: Reader<ModuleAnalysis> = (value, at) => {
  const it = object(value, at);
  return {
    ...maybe(it, "imports", listOf(importFact), at),
    ...maybe(it, "names", listOf(string), at),
    ...maybe(it, "exports", exportFacts, at),
    ...maybe(it, "stars", listOf(string), at),
    ...maybe(it, "touches", listOf(touch), at),
    ...maybe(it, "top", effects, at),
    ...maybe(it, "later", listOf(touch), at),
    ...maybe(it, "bindings", listOf(stateBinding), at),
    ...maybe(it, "classes", listOf(classFact), at),
    ...maybe(it, "enums", listOf(enumFact), at),
    ...maybe(it, "kept", listOf(keptFact), at),
    ...maybe(it, "unkeepable", listOf(unkeepableFact), at),
    ...maybe(it, "texts", recordOf(textRecord), at),
    ...maybe(it, "owned", listOf(ownedFact), at),
    ...maybe(it, "pacing", listOf(pacingFact), at),
    ...maybe(it, "globals", listOf(globalWrite), at),
    ...maybe(it, "globalChanges", listOf(string), at),
    ...maybe(it, "rebind", rebindFacts, at),
    ...maybe(it, "hot", listOf(string), at),
    ...maybe(it, "computed", boolean, at),
    ...maybe(it, "keepsFiles", boolean, at),
    ...maybe(it, "awaits", boolean, at),
    ...maybe(it, "steady", boolean, at),
    ...maybe(it, "edits", string, at),
    ...maybe(it, "erasable", boolean, at),
    ...maybe(it, "commonjs", boolean, at),
    ...maybe(it, "broken", brokenFact, at),
  };
};
