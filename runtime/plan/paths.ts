/** What the name of a file tells of it.
 * @module
 */

/**
 * Whether a file is code that can be analyzed.
 *
 * @param path its path
 * @returns true for JavaScript and TypeScript, not for declarations
 */
export function isScriptPath(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path);
}

/**
 * Whether a specifier may be an alias, as far as its text tells: a relative path and a URL say themselves where they lead.
 *
 * @param specifier the specifier
 * @returns true for aliases, and for names of modules of the platform without `node:`
 */
export function isAlias(specifier: string): boolean {
  return /^(?!\.{0,2}\/)(?![a-z][a-z+.-]*:)/i.test(specifier);
}

/** Tests and benchmarks by their names, and declarations, which hold no code. */
const TEST_FILE =
  /(?:[._](?:test|spec|bench)\.[cm]?[jt]sx?|(?:^|\/)(?:test|spec|bench)\.[cm]?[jt]sx?|\.snap)$/;
const TEST_FOLDER =
  /^(?:tests?|e2e|spec|bench|benchmarks|coverage)\/|(?:^|\/)__(?:tests?|snapshots|mocks|fixtures)__\//;
const TOOL_FOLDER =
  /(?:^|\/)\.(?:vscode|idea|github|gitlab|circleci|ci|husky|devcontainer|zed|cursor|fleet|vs|helix|nova|forgejo|gitea|changeset|nyc_output)\//;
const TOOL_FILE =
  /(?:^|\/)(?:\.(?:git\w*|mailmap|pre-commit-config|editorconfig|dockerignore|prettier\w*|eslint\w*|DS_Store|nvmrc|node-version|tool-versions)[^/]*|[^/]*\.(?:sw[op]|code-workspace|orig|rej)|Thumbs\.db|[^/]*~)$/;
const ABOUT =
  /^(?:README|CHANGELOG|CHANGES|HISTORY|CONTRIBUTING|LICEN[CS]E|COPYING|NOTICE|AUTHORS|CODE_OF_CONDUCT|SECURITY)(?:[-.]\w+)*$/i;

/**
 * Whether a file only serves those who work on the app, so that a change of it alone is nothing to do.
 *
 * @param path its path
 * @returns true for tests, benchmarks, declarations, editor settings, CI, and what a repository tells of itself
 */
export function isForDevelopment(path: string): boolean {
  return /\.d\.[cm]?ts$/.test(path) || TEST_FILE.test(path) ||
    TEST_FOLDER.test(path) || TOOL_FOLDER.test(path) || TOOL_FILE.test(path) ||
    ABOUT.test(path);
}

/** Files by their names, wherever they lie. */
const SECRET_FILE = new RegExp(
  `(?:^|/)(?:${
    [
      // Variables of an environment, and what tools keep to log in.
      String.raw`[^/]*\.env|\.dev\.vars[^/]*|\.npmrc|\.yarnrc\.yml|\.pypirc`,
      String
        .raw`[._]netrc|\.pgpass|\.my\.cnf|\.(?:ht)?passwd|\.git-credentials`,
      String
        .raw`\.boto|\.s3cfg|rclone\.conf|passwords?\.(?:txt|csv|ya?ml|json)`,
      String.raw`\.vault-token|(?:[^/]*\.)?kubeconfig(?:\.ya?ml)?`,
      String.raw`[^/]*\.(?:tfstate[^/]*|tfvars)`,
      String.raw`service[-_]?account[^/]*\.json|client_secret[^/]*\.json`,
      String.raw`[^/]*firebase-adminsdk[^/]*\.json`,
      String.raw`application_default_credentials\.json`,
      String.raw`(?:secrets?|credentials)(?:\.[\w-]+)?\.(?:jsonc?|ya?ml|toml)`,
      // Keys.
      String.raw`id_(?:rsa|dsa|(?:ecdsa|ed25519)[^/]*)`,
      String.raw`[^/]*\.(?:pem|key|p8|p12|pfx|ppk|keystore|jks|kdbx|asc|gpg)`,
      // Databases.
      String.raw`[^/]*\.(?:sqlite|duckdb)[^/]*`,
      String.raw`[^/]*\.(?:db3?|s3db|rdb|mdb|ldb)(?:-(?:wal|shm|journal))?`,
      String.raw`(?:dump|backup)(?:[-_.][^/]*)?\.sql(?:\.(?:gz|bz2|xz|zst))?`,
    ].join("|")
  })$`,
  "i",
);
const SECRET_ANYWHERE =
  /(?:^|\/)(?:\.env[^/]*|\.(?:ssh|aws|azure|kube|gnupg|gcloud|terraform)\/|\.docker\/config\.json$|\.config\/gcloud\/)/i;

/**
 * Whether a file looks like a secret or like a database: what does not belong into a bucket.
 *
 * @param path its path
 * @returns true by its name or by a folder that it lies in
 */
export function isSecretLike(path: string): boolean {
  return SECRET_FILE.test(path) || SECRET_ANYWHERE.test(path);
}
