import { assertEquals } from "@std/assert";
import { parse } from "npm:acorn@8.19.0";
import type { Node } from "../code/nodes.ts";
import { analyzeTree } from "../analyze.ts";

function writes(source: string): string[] {
  const program = parse(source, {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
  }) as unknown as Node;
  return (analyzeTree(program, source).globals ?? []).map((
    { name, line, again },
  ) => `${name} ${line}${again ? " again" : ""}`);
}

Deno.test("what evaluation sets on globals is told by name, however it is written", () => {
  assertEquals(
    writes(`
globalThis.word = 1;
self.other = () => {};
globalThis["third"] = 3;
Array.prototype.last = function () {};
Object.assign(globalThis, { fourth: 4, ...rest });
Object.defineProperty(String.prototype, "shout", { value: () => {} });
Deno.env.set("MODE", "dark");
globalThis.app.title = "x";
const key = "k";
globalThis[key] = 5;
(() => { globalThis.inside = 1; })();
delete globalThis.gone;
`),
    [
      "word 2",
      "other 3",
      "third 4",
      "Array.prototype.last 5",
      "fourth 6",
      "[] 6",
      "String.prototype.shout 7",
      "Deno.env.MODE 8",
      "app.title 9",
      "inside 12",
      "gone 13",
    ],
  );
});

Deno.test("what is made of what was there is told as such", () => {
  assertEquals(
    writes(`
const log = console.log;
console.log = (...words) => log("v1", ...words);
globalThis.fetch = wrap(globalThis.fetch);
globalThis.count += 1;
if (!("last" in Array.prototype)) Array.prototype.last = () => {};
if (!Array.prototype.first) Array.prototype.first = () => {};
`),
    [
      "console.log 3 again",
      "fetch 4 again",
      "count 5 again",
      "Array.prototype.last 6 again",
      "Array.prototype.first 7 again",
    ],
  );
});

Deno.test("what later code sets, what is kept if it is there, and handlers are not", () => {
  assertEquals(
    writes(`
export function later() { globalThis.word = 1; console.log = () => {}; }
globalThis.db ??= new Map();
globalThis.onerror = () => {};
const local = { word: 1 };
local.word = 2;
console.log("hello");
const { prototype } = Array;
Deno.env.get("MODE");
globalThis.addEventListener("x", () => {});
`),
    [],
  );
});

Deno.test("what is set on objects of packages is told, by whatever name the module has for them", () => {
  assertEquals(
    writes(`import X, { Hono as App } from "npm:hono@4.1.0/tiny";
import * as all from "jsr:@std/log@1";
import axios from "axios";
import process from "node:process";
import { own } from "./own.ts";
X.prototype.y = 1;
App.prototype.last = function () {};
Object.defineProperty(App.prototype, "first", { get() {} });
Object.assign(X, { a: 1, "b": 2 });
Object.defineProperties(all.Logger.prototype, { c: {} });
axios.defaults.headers.common["x-app"] = "1";
const proto = App.prototype, { defaults } = axios;
proto.third = 3; defaults.timeout = 4;
Reflect.set(App, "fourth", 4);
Object.setPrototypeOf(App.prototype, Other);
delete App.prototype.gone;
process.env.MODE = "dark";
(function patch(it) { it.fifth = 5; })(App);
const { default: Late } = await import("late");
Late.prototype.z = 1;
const list = Array.prototype;
list.last = () => {};
Object.assign(String.prototype, { shout() {} });
`),
    [
      "hono/tiny.prototype.y 6",
      "hono/tiny.Hono.prototype.last 7",
      "hono/tiny.Hono.prototype.first 8",
      "hono/tiny.a 9",
      "hono/tiny.b 9",
      "@std/log.Logger.prototype.c 10",
      "axios.defaults.headers.common.x-app 11",
      "hono/tiny.Hono.prototype.third 13",
      "axios.defaults.timeout 13",
      "hono/tiny.Hono.fourth 14",
      "hono/tiny.Hono.prototype.__proto__ 15",
      "hono/tiny.Hono.prototype.gone 16",
      "process.env.MODE 17",
      "hono/tiny.Hono.fifth 18",
      "late.prototype.z 20",
      "Array.prototype.last 22",
      "String.prototype.shout 23",
    ],
  );
});

Deno.test("what packages make for the module, and the modules of the app, are not outside", () => {
  assertEquals(
    writes(`import express from "npm:express";
import { Hono } from "npm:hono";
import { own } from "./own.ts";
import { live } from "jsr:@flyhot/runtime@1";
const app = express(), hono = new Hono();
app.locals.title = "x"; hono.limit = 3;
app.set("x", 1); express.static("public").dir = 1;
own.x = 1; Object.assign(own, { y: 2 }); live.z = 1;
Object.assign({}, express, Hono);
Object.assign(hono, { x: 1 });
export function later() { Hono.prototype.y = 1; }
class App extends Hono { static x = 1; }
App.prototype.z = 1;
`),
    [],
  );
});

Deno.test("what is made of what a package had is told as such", () => {
  assertEquals(
    writes(`import { Hono } from "npm:hono";
import axios from "axios";
const before = Hono.prototype.fetch;
Hono.prototype.fetch = function (...all) { return before.apply(this, all); };
axios.defaults = { ...axios.defaults, timeout: 1 };
axios.count += 1;
if (!Hono.prototype.first) Hono.prototype.first = () => {};
Hono.cache ??= new Map();
`),
    [
      "hono.Hono.prototype.fetch 4 again",
      "axios.defaults 5 again",
      "axios.count 6 again",
      "hono.Hono.prototype.first 7 again",
    ],
  );
});

Deno.test("what is done to packages by calling them is told by name, and by what is passed where it is added", () => {
  assertEquals(
    writes(`import dayjs from "npm:dayjs@1";
import utc from "npm:dayjs@1/plugin/utc";
import * as z from "zod";
import { register, use as also } from "chart.js";
import axios, { plugins } from "axios";
import { own } from "./own.ts";
dayjs.extend(utc);
dayjs.extend(plugins.tz).locale("de");
z.setErrorMap(() => {});
register("bars", own);
also(plugins.all);
axios.interceptors.request.use((it) => it);
const { interceptors } = axios;
await interceptors.response.use(own);
function seed() { dayjs.extend(own); }
seed();
`),
    [
      "dayjs.extend(dayjs/plugin/utc.default) 7",
      "dayjs.extend(axios.plugins.tz) 8",
      "zod.setErrorMap() 9",
      `chart.js.register("bars", …) 10 again`,
      "chart.js.use(axios.plugins.all) 11",
      "axios.interceptors.request.use(…) 12 again",
      "axios.interceptors.response.use(…) 14 again",
      "dayjs.extend(…) 15 again",
    ],
  );
});

Deno.test("calls that make something, that only look, that wait, that later code makes, or of what the module made are not", () => {
  assertEquals(
    writes(`import dayjs from "dayjs";
import express, { Router } from "express";
import process from "node:process";
import { setTimeout, setInterval } from "node:timers/promises";
import { own } from "./own.ts";
const it = dayjs.extend(own);
const app = express(), router = new Router();
app.use(own); router.use(own); express().use(own); new Router().register(own);
dayjs.format("x"); process.addListener("x", own);
await setTimeout(1);
own.extend(1);
export const later = () => { dayjs.extend(own); };
`),
    [],
  );
});

Deno.test("which globals functions change is told by name, however they are reached", () => {
  const changes = (source: string) => {
    const program = parse(source, {
      ecmaVersion: "latest",
      sourceType: "module",
      locations: true,
    }) as unknown as Node;
    return analyzeTree(program, source).globalChanges ?? [];
  };
  assertEquals(
    changes(`
const g = globalThis;
const shared = globalThis.shared;
globalThis.top = 1;
serve(() => {
  globalThis.count++;
  self.rooms.set("a", 1);
  window["third"].deep.list.push(1);
  g.by_alias = 2;
  shared.n += 1;
  bare++;
  delete globalThis.gone;
  const { local } = globalThis;
  local.add(1);
});`),
    [
      "bare",
      "by_alias",
      "count",
      "gone",
      "local",
      "rooms",
      "shared",
      "third",
    ],
  );
  assertEquals(
    changes(`
const list = [];
serve(() => {
  list.push(globalThis.count, self.rooms.get("a"));
  console.log(globalThis.word);
  Deno.env.set("A", "b");
  localStorage.count = 1;
  const own = {};
  own.globalThis = 1;
});`),
    [],
  );
});

Deno.test("what stands in an object that is frozen is not changed", () => {
  assertEquals(
    writes(`
export const config = Object.freeze({ port: Number(Deno.env.get("PORT") ?? 8000), home: [Deno.env.get("HOME") ?? "/"] });
export const list = Object.seal([performance.now(), crypto.randomUUID()]);
Object.freeze(globalThis.settings.list);
`),
    ["settings.list 4"],
  );
});
