/** Has objects converted by the webhook of their kind. Source: apiextensions-apiserver, pkg/apiserver/conversion/webhook_converter.go */
import { ConversionNeeded } from '../../kube/conversion-needed.ts';
import { type Json, type JsonObject, type KubeObject, isJsonObject } from '../../kube/object.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { Random } from '../../world.ts';
import { WebhookCallError, type WebhookClient } from './webhook-client.ts';

export interface Converter {
  /** Runs it, and again after each conversion that it turns out to need. */
  converting<T>(run: () => T | Promise<T>): Promise<T>;
}

export const noConverter: Converter = { converting: async (run) => run() };

export interface ConverterOptions {
  readonly client: WebhookClient;
  readonly random: Pick<Random, 'uuid'>;
}

const group = 'apiextensions.k8s.io';
const timeoutSeconds = 30;
const objectsOfCallMax = 500;
/** A write and its answer need a few; one that meets other states of its object needs more. */
const conversionsMax = 50;

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function failure(needed: ConversionNeeded, why: string): StatusError {
  const from = needed.objects[0]?.apiVersion ?? '';
  const message = `conversion webhook for ${from}, Kind=${needed.by.kind} ${why}`;
  return new StatusError(500, 'InternalError', message);
}

function convertedOf(needed: ConversionNeeded, answer: unknown, asked: { uid: string; version: string }): readonly JsonObject[] {
  const { apiVersion, kind: answered, response } = answer as JsonObject;
  const failed = (why: string): StatusError => failure(needed, `failed: ${why}`);
  const [want, got] = [`${group}/v1, Kind=ConversionReview`, `${text(apiVersion)}, Kind=${text(answered)}`];
  if (asked.version === 'v1' && want !== got) throw failed(`expected webhook response of ${want}, got ${got}`);
  if (!isJsonObject(response)) throw failed('no response provided');
  const { uid, result, convertedObjects } = response;
  if (asked.version === 'v1' && uid !== asked.uid) {
    throw failed(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(text(uid))}`);
  }
  const { status, message } = isJsonObject(result) ? result : ({} as JsonObject);
  if (status !== 'Success') throw failed(text(message) || `response.result.status was '${text(status)}', not 'Success'`);
  return Array.isArray(convertedObjects) ? convertedObjects.filter(isJsonObject) : [];
}

/** Only labels and annotations of the metadata are the webhook's to change. */
function accepted(needed: ConversionNeeded, original: KubeObject, converted: JsonObject, index: number): KubeObject {
  const invalid = (why: string): StatusError => failure(needed, `returned invalid converted object at index ${index}: ${why}`);
  const { apiVersion, by } = needed;
  if (converted['apiVersion'] !== apiVersion) {
    throw invalid(`invalid groupVersion (expected ${apiVersion}, received ${text(converted['apiVersion'])})`);
  }
  if (converted['kind'] !== by.kind) throw invalid(`invalid kind (expected ${by.kind}, received ${text(converted['kind'])})`);
  const { metadata } = converted;
  if (!isJsonObject(metadata))
    throw failure(needed, `returned invalid metadata in object at index ${index}: missing metadata in converted object`);
  for (const field of ['name', 'namespace', 'uid'] as const) {
    const [before, after] = [original.metadata[field] ?? '', text(metadata[field])];
    const shown = field === 'uid' ? 'UID' : field;
    if (before !== after) throw invalid(`must have the same ${shown}: ${before} != ${after}`);
  }
  const { labels: _labels, annotations: _annotations, ...kept } = original.metadata;
  const changed = Object.fromEntries(
    (['labels', 'annotations'] as const).flatMap((field) => (isJsonObject(metadata[field]) ? [[field, metadata[field]]] : [])),
  );
  return { ...converted, metadata: { ...kept, ...changed } };
}

export function createConverter({ client, random }: ConverterOptions): Converter {
  async function convertSome(needed: ConversionNeeded): Promise<void> {
    const { by, objects, apiVersion } = needed;
    const version = by.reviewVersions.find((one) => one === 'v1' || one === 'v1beta1');
    if (version === undefined) throw failure(needed, 'failed: no supported conversion review versions');
    const uid = random.uuid();
    const review = {
      kind: 'ConversionReview',
      apiVersion: `${group}/${version}`,
      request: { uid, desiredAPIVersion: apiVersion, objects },
    };
    const answer = await client.post(by.clientConfig, review, { timeoutSeconds }).catch((error: unknown) => {
      if (error instanceof WebhookCallError) throw failure(needed, `failed: ${error.message}`);
      throw error;
    });
    const converted = convertedOf(needed, isJsonObject(answer as Json) ? answer : {}, { uid, version });
    if (converted.length !== objects.length) throw failure(needed, `returned ${converted.length} objects, expected ${objects.length}`);
    by.remember(
      objects,
      apiVersion,
      objects.map((object, index) => accepted(needed, object, converted[index] ?? {}, index)),
    );
  }

  async function convert({ by, apiVersion, objects }: ConversionNeeded): Promise<void> {
    for (let from = 0; from < objects.length; from += objectsOfCallMax) {
      await convertSome(new ConversionNeeded(by, apiVersion, objects.slice(from, from + objectsOfCallMax)));
    }
  }

  return {
    async converting(run) {
      for (let conversions = 0; conversions < conversionsMax; conversions += 1) {
        try {
          return await run();
        } catch (error) {
          if (!(error instanceof ConversionNeeded)) throw error;
          await convert(error);
        }
      }
      throw new StatusError(504, 'Timeout', 'Timeout: the object changed faster than it could be converted');
    },
  };
}
