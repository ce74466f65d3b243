/** The life of the dashboard: a default export, streams of events, and a database that stays open.
 * @module
 */
import { StreamTalker } from "../stream_talker.ts";
import type { Story } from "../story.ts";

/** What is done with the dashboard. */
export const DASHBOARD: Story = {
  name: "dashboard",
  versions: 13,
  packages: ["npm:ms@2.1.2", "npm:ms@2.1.3"],
  by: "serve",
  acts: [
    { method: "POST", path: "/readings/", body: { sensor: "s{v}", value: 1 } },
    {
      method: "POST",
      path: "/readings/",
      body: { sensor: "temperature", value: 20.5 },
    },
    { method: "POST", path: "/nothing" },
  ],
  questions: [
    "/",
    "/summary",
    "/sensors",
    "/latest/temperature",
    "/latest/none",
    "/static/dashboard.css",
    "/static/none.css",
    "/nothing",
  ],
  load: ["/", "/summary", "/latest/temperature", "/nothing"],
  talk: (url) =>
    StreamTalker.open(url, [
      { sensor: "temperature", value: 21 },
      { sensor: "pressure", value: 1013.25 },
      { sensor: "wind", value: 3 },
    ]),
  expected: {
    2: { state: "applied", reloaded: [] },
    8: { state: "applied", reloaded: [] },
    12: {
      state: "refused",
      at: "audit.ts:3 audit: ",
    },
  },
};
