/**
 * What code that cannot wait throws when an object must first be converted by a webhook: who caught it asks the webhook,
 * notes the result where it will be found, and does the same again.
 */
import type { WebhookClientConfig } from './generated/types.ts';
import type { KubeObject } from './object.ts';

/** A kind whose versions a webhook converts. */
export interface WebhookConverter {
  /** `apiVersion` of what is converted is that of the object. */
  readonly kind: string;
  readonly clientConfig: WebhookClientConfig;
  readonly reviewVersions: readonly string[];
  /** Notes what each object is in that version, in the same order. */
  remember(objects: readonly KubeObject[], apiVersion: string, converted: readonly KubeObject[]): void;
}

export class ConversionNeeded extends Error {
  override name = 'ConversionNeeded';
  readonly by: WebhookConverter;
  readonly apiVersion: string;
  readonly objects: readonly KubeObject[];

  constructor(by: WebhookConverter, apiVersion: string, objects: readonly KubeObject[]) {
    super(`${by.kind} must be converted to ${apiVersion} by a webhook`);
    this.by = by;
    this.apiVersion = apiVersion;
    this.objects = objects;
  }
}

/** Calls `make` for each; when some of them must be converted first, throws for all of those at once. */
export function eachConverted<T, U>(list: readonly T[], make: (one: T) => U): U[] {
  const made: U[] = [];
  const needed: ConversionNeeded[] = [];
  for (const one of list) {
    try {
      made.push(make(one));
    } catch (error) {
      if (!(error instanceof ConversionNeeded)) throw error;
      needed.push(error);
    }
  }
  const [first] = needed;
  if (first === undefined) return made;
  throw new ConversionNeeded(
    first.by,
    first.apiVersion,
    needed.flatMap(({ objects }) => objects),
  );
}
