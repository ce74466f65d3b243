import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import type { HttpAnswer } from "../../http.ts";
import { execOutcome, jsonOf, saysNoImage, saysNoProgram } from "./answers.ts";

function answer(status: number, body: unknown): HttpAnswer {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers: new Headers(), body: text };
}

Deno.test("execOutcome() gives a process that a signal ended the code that shells give it", () => {
  const ended = (body: unknown) => execOutcome(answer(200, body), "run it");
  assertEquals(ended({ exit_code: 0, exit_signal: 9 }).code, 137);
  assertEquals(ended({ exit_code: 3, exit_signal: 9 }).code, 3);
  assertEquals(ended({}), { code: 0, stdout: "", stderr: "" });
});

Deno.test("execOutcome() takes a program that is not there for 127, in either way of saying so", () => {
  const error = { error: "exec: executable file not found in $PATH" };
  assertEquals(execOutcome(answer(412, error), "run it"), {
    code: 127,
    stdout: "",
    stderr: error.error,
  });
});

Deno.test("jsonOf() and execOutcome() name what was tried where the answer is not the API's", () => {
  const page = answer(200, "<html>");
  assertThrows(() => jsonOf(page), Error, "Cannot read what the Machines API");
  assertThrows(() => execOutcome(answer(200, "[]"), "run it"), Error, "run it");
});

Deno.test("saysNoImage() and saysNoProgram() know the words and nothing like them", () => {
  assert(saysNoImage(answer(400, { error: 'Could not find image "a"' })));
  assert(saysNoImage(answer(404, "manifest unknown")));
  assertFalse(saysNoImage(answer(500, "manifest unknown")));
  assertFalse(saysNoImage(answer(404, "app not found")));
  assert(saysNoProgram('{"message":"sh: command not found"}'));
  assertFalse(saysNoProgram('{"error":"machine not found"}'));
});
