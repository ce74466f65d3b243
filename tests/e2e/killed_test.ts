import { killDeployerAt } from "../prove/kill_deployer.ts";
import { killMachineAt } from "../prove/kill_machine.ts";

// All points by `deno task prove kills`; here those in the middle.

Deno.test("a machine that is killed in the middle of an upgrade starts with what its generation runs, and goes on from there", async () => {
  await killMachineAt(["prepared", "suspended", "a state is migrated"]);
});

Deno.test("a deployer that is killed leaves nothing half done that the next rollout or a rollback would not settle", async () => {
  await killDeployerAt(["Publish release: done"]);
});
