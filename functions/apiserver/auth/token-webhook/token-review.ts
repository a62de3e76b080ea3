/** The TokenReview that a webhook answers with, read as strictly as client-go reads it. */
import { ConfigurationError } from '../../../kube/configuration/configuration-error.ts';
import { checkTypes, flag, listOf, type Shape, struct, text } from '../../../kube/configuration/shape.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../kube/object.ts';
import { schemaFor } from '../../../kube/schema.ts';
import { jsonType } from '../../../kube/schema-walk.ts';
import { notAnObject, UnreadableAnswer } from '../../webhook/answer-json.ts';
import type { TokenWebhookSettings } from './settings.ts';

const group = 'authentication.k8s.io';
const kind = 'TokenReview';

type ReviewVersion = TokenWebhookSettings['reviewVersion'];

export const reviewOf = (token: string, audiences: readonly string[], version: ReviewVersion): object => ({
  kind,
  apiVersion: `${group}/${version}`,
  metadata: {},
  spec: { token, audiences },
  status: { user: {} },
});

const shape: Shape = struct('TokenReview', {
  status: struct('TokenReviewStatus', {
    authenticated: flag,
    user: struct('UserInfo', { username: text, uid: text, groups: listOf(text) }),
    audiences: listOf(text),
    error: text,
  }),
});

/** Throws an UnreadableAnswer for what is no TokenReview of the version. A kind that is not named is taken for it. */
export function statusOf(answer: Json, version: ReviewVersion): JsonObject {
  if (answer === null) return {};
  if (!isJsonObject(answer)) throw notAnObject(jsonType(answer));
  checkKind(answer, version);
  try {
    checkTypes(answer, shape);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UnreadableAnswer(error.message, { cause: error });
    throw error;
  }
  return isJsonObject(answer['status']) ? answer['status'] : {};
}

function checkKind(answer: JsonObject, version: ReviewVersion): void {
  const ofKind = typeof answer['kind'] === 'string' && answer['kind'] !== '' ? answer['kind'] : kind;
  const ofVersion = typeof answer['apiVersion'] === 'string' && answer['apiVersion'] !== '' ? answer['apiVersion'] : `${group}/${version}`;
  if (ofKind === kind && ofVersion === `${group}/${version}`) return;
  const isKnown =
    schemaFor(ofVersion, ofKind) !== undefined || ofKind === 'Status' || (ofKind === kind && ofVersion === `${group}/v1beta1`);
  throw new UnreadableAnswer(
    isKnown
      ? `converting (${ofVersion.split('/').at(-1)}.${ofKind}) to (${version}.${kind}): unknown conversion`
      : `no kind ${JSON.stringify(ofKind)} is registered for version ${JSON.stringify(ofVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );
}
