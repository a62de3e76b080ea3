/** What refusals mean that every service of AWS may give. */
import { ServiceError } from './json-service.ts';

/** Error names by which DynamoDB, SQS, KMS and the proxies before them throttle a caller. Source: the SDKs' lists of what to try again. */
const throttling =
  /Throttl|ThroughputExceeded|RequestLimitExceeded|BandwidthLimitExceeded|TooManyRequests|SlowDown|OverLimit|PriorRequestNotComplete/;
const tooManyRequests = 429;

/** Too much was asked at once: it passes. */
export const isThrottling = (error: Error): boolean =>
  error instanceof ServiceError && (error.status === tooManyRequests || throttling.test(error.name));

export interface Lateness {
  /** The time of the signature in ISO 8601. */
  readonly signed: string;
  readonly arrived: string;
  /** By this much, or more: a request that is held up cannot arrive before it was signed. */
  readonly isFromTheFuture: boolean;
}

const lateness =
  /^Signature (expired|not yet current): (\d{8}T\d{6}Z) is (?:now earlier|still later) than \d{8}T\d{6}Z \((\d{8}T\d{6}Z) [-+] \d+ min\.\)/;

/** The times of both clocks, from the refusal of a signature that is too old or too new. Source: AWS, "Troubleshoot Signature Version 4". */
export function latenessOf({ message }: Error): Lateness | undefined {
  const [, what, signed, arrived] = lateness.exec(message) ?? [];
  if (signed === undefined || arrived === undefined) return undefined;
  return { signed: asIso(signed), arrived: asIso(arrived), isFromTheFuture: what !== 'expired' };
}

const asIso = (time: string): string => time.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z');
