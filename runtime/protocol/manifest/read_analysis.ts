/** Reads what a manifest says of a module.
 * @module
 */
import {
  boolean,
  count,
  type Fields,
  fields,
  listOf,
  oneOf,
  optional,
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
  type RepeatFact,
  type StateBinding,
  type TakenMember,
  type TextRecord,
  type Touch,
  type UnkeepableFact,
  VALUE_KINDS,
} from "./module_analysis.ts";
import type { OwnedFact, PacedBy, PacingFact } from "./owned_facts.ts";

import { changeOfGiven, givenValue } from "./given_facts.ts";
import { rebindFacts } from "./rebind_facts.ts";
import { nameRef } from "./value_kinds.ts";

const importFact = fields<ImportFact>({
  specifier: string,
  line: count,
  names: optional(listOf(string)),
  locals: optional(listOf(string)),
  dynamic: optional(boolean),
});

const effects: Reader<Effects> = fields<Effects>({
  touches: optional(listOf(count)),
  state: optional(listOf(string)),
  reads: optional(listOf(string)),
  callsBack: optional(boolean),
  held: optional(boolean),
  made: optional((value, at) => effects(value, at)),
});

const touch = fields<Touch>({
  specifier: string,
  name: string,
  how: oneOf("call", "construct", "method", "pass", "write", "read", "extend"),
  member: optional(string),
  line: count,
  column: count,
  callbacks: optional(effects),
  derived: optional(listOf(string)),
  event: optional(string),
});

const exportFact: Reader<ExportFact> = fields<ExportFact>({
  kind: oneOf(...VALUE_KINDS),
  local: optional(string),
  line: optional(count),
  column: optional(count),
  of: optional(nameRef),
  from: optional(nameRef),
  class: optional(string),
  effects: optional(effects),
  returns: optional(oneOf(...VALUE_KINDS)),
  generator: optional(boolean),
  selfless: optional(boolean),
  fields: optional((value, at) => exportFacts(value, at)),
  plain: optional(boolean),
  reassigned: optional(boolean),
  literal: optional(boolean),
});
const exportFacts = recordOf(exportFact);

const STATE_WHY = oneOf("written", "mutated", "instance", "handle");

const stateBinding = fields<StateBinding>({
  name: string,
  line: count,
  column: count,
  why: STATE_WHY,
  detail: string,
  of: optional(listOf(nameRef)),
});

const localState = fields<LocalState>({
  why: STATE_WHY,
  detail: string,
  of: optional(listOf(nameRef)),
});

const fieldFact = fields<FieldFact>({
  name: string,
  line: count,
  text: string,
  digest: optional(string),
  selfContained: optional(boolean),
  effects: optional(effects),
});

const methodFact = fields<MethodFact>({
  digest: string,
  effects: optional(effects),
});

const assignedField = fields<AssignedField>({
  name: string,
  text: string,
  digest: optional(string),
  usesParameters: optional(boolean),
});

const classFact = fields<ClassFact>({
  name: string,
  line: count,
  extends: optional(nameRef),
  private: optional(listOf(string)),
  methods: optional(recordOf(methodFact)),
  fields: optional(listOf(fieldFact)),
  parameters: optional(count),
  assigned: optional(listOf(assignedField)),
  statics: optional(listOf(fieldFact)),
  construct: optional(effects),
});

const memberValue: Reader<string | number | null> = (value, at) =>
  value === null || typeof value === "number" ? value : string(value, at);

const enumFact = fields<EnumFact>({
  name: string,
  line: count,
  members: recordOf(memberValue),
});

const pacedBy = fields<PacedBy>({
  specifier: optional(string),
  name: string,
});

const ownedFact = fields<OwnedFact>({
  kind: oneOf(
    "server",
    "interval",
    "timeout",
    "cron",
    "worker",
    "listener",
    "loop",
  ),
  line: count,
  detail: string,
  later: optional(boolean),
  unpaced: optional(boolean),
  pacedBy: optional(listOf(pacedBy)),
});

const pacingFact = fields<PacingFact>({
  name: string,
  timer: optional(boolean),
  by: optional(listOf(pacedBy)),
  loop: optional(boolean),
  loopBy: optional(listOf(pacedBy)),
});

const TEXT_RECORD: Fields<TextRecord> = {
  digest: string,
  uses: optional(listOf(nameRef)),
};

const repeatFact = fields<RepeatFact>({
  detail: string,
  isRead: optional(boolean),
  line: count,
  column: count,
});

const globalWrite = fields<GlobalWrite>({
  name: string,
  line: count,
  column: count,
  again: optional(boolean),
  specifier: optional(string),
  calls: optional(effects),
});

const takenMember = fields<TakenMember>({
  name: string,
  line: count,
  column: count,
});

const keptFact = fields<KeptFact>({
  ...TEXT_RECORD,
  name: string,
  line: count,
  column: count,
  local: optional(boolean),
  state: optional(localState),
  inside: optional(string),
  early: optional(boolean),
  byItself: optional(boolean),
  fixed: optional(boolean),
  repeats: optional(listOf(repeatFact)),
  of: optional(nameRef),
  members: optional(listOf(takenMember)),
  library: optional(string),
});

const unkeepableFact = fields<UnkeepableFact>({
  name: string,
  why: string,
  line: count,
});

const brokenFact = fields<NonNullable<ModuleAnalysis["broken"]>>({
  line: count,
  column: count,
  message: string,
});

/** Reads what one module does. */
export const moduleAnalysis: Reader<ModuleAnalysis> = fields<ModuleAnalysis>({
  imports: optional(listOf(importFact)),
  names: optional(listOf(string)),
  exports: optional(exportFacts),
  stars: optional(listOf(string)),
  touches: optional(listOf(touch)),
  top: optional(effects),
  later: optional(listOf(touch)),
  changes: optional(listOf(changeOfGiven)),
  given: optional(listOf(givenValue)),
  bindings: optional(listOf(stateBinding)),
  classes: optional(listOf(classFact)),
  enums: optional(listOf(enumFact)),
  kept: optional(listOf(keptFact)),
  unkeepable: optional(listOf(unkeepableFact)),
  texts: optional(recordOf(fields(TEXT_RECORD))),
  owned: optional(listOf(ownedFact)),
  pacing: optional(listOf(pacingFact)),
  globals: optional(listOf(globalWrite)),
  globalChanges: optional(listOf(string)),
  rebind: optional(rebindFacts),
  hot: optional(listOf(string)),
  computed: optional(boolean),
  keepsFiles: optional(boolean),
  awaits: optional(boolean),
  steady: optional(boolean),
  edits: optional(string),
  erasable: optional(boolean),
  commonjs: optional(boolean),
  broken: optional(brokenFact),
});
