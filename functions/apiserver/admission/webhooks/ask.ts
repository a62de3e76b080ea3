/** Asks one webhook. What it refuses and what went wrong on the way are two different errors. Source: apiserver, pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go */
import type { Status } from '../../../kube/generated/types.ts';
import type { JsonObject } from '../../../kube/object.ts';
import { badRequest, StatusError } from '../../../kube/status-error.ts';
import type { World } from '../../../world.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { WebhookCallError, type WebhookClient } from '../../webhook/webhook-client.ts';
import type { Invocation } from './invocation.ts';
import { answerOf, InvalidAnswer, type ReviewAnswer, reviewOf, reviewVersion, UndecodableAnswer, UnsupportedPatch } from './review.ts';

export interface AskOptions extends Pick<World, 'random'> {
  readonly client: WebhookClient;
}

/** The webhook could not be asked, or its answer not be understood: its failurePolicy decides. */
export class CallFailed extends Error {
  override name = 'CallFailed';

  constructor(webhook: string, reason: string, cause?: unknown) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${reason}`, { cause });
  }
}

const timeoutSecondsDefault = 10;

/** Throws CallFailed, or the StatusError with which the webhook refuses. */
export async function ask(
  { client, random }: AskOptions,
  attributes: AdmissionAttributes,
  invocation: Invocation,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  const { webhook } = invocation.hook;
  const name = webhook.name ?? '';
  if (attributes.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') {
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  }
  const version = reviewVersion(webhook.admissionReviewVersions);
  if (version === undefined) {
    throw new CallFailed(name, 'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)');
  }
  const uid = random.uuid();
  const timeoutSeconds = webhook.timeoutSeconds ?? timeoutSecondsDefault;
  const answer = await client
    .post(webhook.clientConfig ?? {}, reviewOf(uid, version, attributes, invocation), { timeoutSeconds })
    .catch((error: unknown) => {
      if (error instanceof WebhookCallError) throw new CallFailed(name, `failed to call webhook: ${error.message}`, error);
      throw error;
    });
  const review = understood(name, answer, { uid, version, isMutating });
  for (const [key, value] of Object.entries(review.annotations)) attributes.annotate(`${name}/${key}`, value);
  for (const warning of review.warnings) attributes.warn(warning);
  if (!review.allowed) throw rejection(name, review.status);
  return review;
}

function understood(name: string, answer: unknown, asked: { uid: string; version: string; isMutating: boolean }): ReviewAnswer {
  try {
    return answerOf(answer, asked);
  } catch (error) {
    if (error instanceof UndecodableAnswer) throw new CallFailed(name, `failed to call webhook: ${error.message}`, error);
    if (error instanceof UnsupportedPatch) throw new CallFailed(name, error.message, error);
    if (error instanceof InvalidAnswer) throw new CallFailed(name, `received invalid webhook response: ${error.message}`, error);
    throw error;
  }
}

/** Source: apiserver, pkg/admission/plugin/webhook/errors/statuserror.go */
function rejection(name: string, given: JsonObject = {}): StatusError {
  const status: Status = { metadata: {}, ...given };
  const deniedBy = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = status.message || status.reason;
  const code = (status.code ?? 0) < 400 ? 400 : (status.code ?? 400);
  return StatusError.fromStatus({
    ...status,
    code,
    reason: status.reason ?? '',
    message: why ? `${deniedBy}: ${why}` : `${deniedBy} without explanation`,
  });
}
