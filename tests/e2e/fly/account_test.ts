import { denoHost } from "../../../src/host_deno.ts";
import { accountIn, APP_VARIABLE, EXEC_TOKEN_VARIABLE } from "./account.ts";
import { QUESTIONS } from "./questions.ts";

// Only opting in costs money; without it these are shown as ignored, with the reason.
const isAsked = Deno.env.get(APP_VARIABLE) !== undefined;

for (const { name, needs, ask } of QUESTIONS) {
  const isMissing = needs === "bucket"
    ? !Deno.env.get("BUCKET_NAME")
    : needs === "execApi"
    ? !Deno.env.get(EXEC_TOKEN_VARIABLE)
    : false;
  const why = !isAsked
    ? `set ${APP_VARIABLE} and FLY_API_TOKEN`
    : needs === "bucket"
    ? "set BUCKET_NAME and the bucket's AWS_ variables"
    : `set ${EXEC_TOKEN_VARIABLE}`;
  const ignore = !isAsked || isMissing;
  Deno.test({
    name: `on Fly: ${name}${ignore ? ` (skipped: ${why})` : ""}`,
    ignore,
    async fn() {
      using host = denoHost();
      const facts = await ask(accountIn(host)!);
      // deno-lint-ignore no-console -- what the platform says is the result
      console.log(JSON.stringify(facts, null, 2));
    },
  });
}
