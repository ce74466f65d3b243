/**
 * Objects in an S3-compatible bucket, with conditional writes whose outcomes are told apart.
 *
 * @module
 */
export {
  retry,
  type RetryDelay,
  retryDelayMs,
  type RetryOptions,
} from "../base/waiting/retry.ts";
export { MemoryBucket } from "./memory_bucket.ts";
export {
  type Bucket,
  BucketError,
  type BucketErrorCode,
  type BucketRequestOptions,
  getJson,
  type JsonOutcome,
  type ListedObject,
  NotJsonError,
  putJson,
  type ReadOutcome,
  type WriteCondition,
  type WriteOutcome,
} from "./bucket.ts";
export { S3Bucket } from "./s3_bucket.ts";
export type { S3BucketOptions } from "./s3_transport.ts";
