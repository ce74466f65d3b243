/**
 * The environment variables that flyhot reads, by who reads them.
 *
 * @module
 */

/** A variable, and what it is for. */
export type Variables = Readonly<Record<string, string>>;

/** Read by the command and by machines. */
export const SHARED_VARIABLES: Variables = {
  BUCKET_NAME: "The bucket",
  AWS_BUCKET: "The bucket, where `BUCKET_NAME` is not set",
  AWS_ENDPOINT_URL_S3: "The S3 service; default Tigris",
  AWS_REGION: "The region in signatures; default `auto`",
  AWS_ACCESS_KEY_ID: "The access key of the bucket",
  AWS_SECRET_ACCESS_KEY: "The secret key of the bucket",
  AWS_SESSION_TOKEN: "The session token of temporary credentials",
  FLY_APP_NAME: "The Fly app; set by Fly on machines",
};

/** Read by the command. */
export const COMMAND_VARIABLES: Variables = {
  FLY_APP: "The Fly app; before `FLY_APP_NAME`",
  FLY_ACCESS_TOKEN: "The token for the Machines API",
  FLY_API_TOKEN:
    "The token for the Machines API, where `FLY_ACCESS_TOKEN` is not set; then the login of `fly`",
  FLY_FLAPS_BASE_URL: "The Machines API; default `https://api.machines.dev`",
  FLYHOT_SIGNING_KEY: "The private key that signs releases, as PEM",
  NO_COLOR: "No colors",
  CI: "Every event is a line of its own, even on a terminal",
  TERM: "The same, if it is `dumb`",
};

/** Read by the runtime on machines. */
export const MACHINE_VARIABLES: Variables = {
  FLYHOT_POLL_MS: "How often the pointer is read; default 5000",
  FLYHOT_PROBATION_MS: "For how long new code is watched; default 5000",
  FLYHOT_LOG: "`json` for a JSON object a line; default text",
  FLYHOT_SOCKET: "Where the control socket is; default in `TMPDIR`",
  FLYHOT_ANSWER_MS:
    "How long the command waits for the control socket; default 15000",
  FLYHOT_LIVED_MS:
    "How long a process has to live for its start to count as a good one; default 60000",
  FLY_IMAGE_REF: "The base image; set by Fly",
  FLY_MACHINE_ID: "The machine; set by Fly",
  FLY_REGION: "The region; set by Fly",
  FLY_PROCESS_GROUP: "The process group; set by Fly",
  FLY_SSH: "Set by Fly in a console, where nothing is upgraded",
  FLY_TEST_COMMAND: "Set by Fly in a test machine, where nothing is upgraded",
  RELEASE_COMMAND: "Set by Fly in a release command, where nothing is upgraded",
};

/** Handed from one process of flyhot to another; of no use to anybody else. */
export const INTERNAL_VARIABLES: Variables = {
  FLYHOT_ORCHESTRATE: "The task of the temporary machine",
  FLYHOT_ROLE: "Tells the temporary machine what it is",
  FLYHOT_EVENTS: "Where a process of the testing kit writes its events",
};
