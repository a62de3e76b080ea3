/** Sends messages to SQS. What is not answered, or not now, is sent again: a queue swallows the second of two, or one rings twice. */
import { jsonService, ServiceError, type AwsAccess } from '../../aws/json-service.ts';
import { isThrottling, latenessOf } from '../../aws/refusals.ts';
import type { World } from '../../world.ts';

const answerMsMax = 3_000;
const attemptsMax = 3;
const pauseMs = 100;
const firstServerError = 500;

/** A ring that was held up is signed anew; one from the future is not worth it. */
function isWorthRepeating(error: unknown): boolean {
  if (error instanceof ServiceError)
    return error.status >= firstServerError || isThrottling(error) || latenessOf(error)?.isFromTheFuture === false;
  return error instanceof Error && ('code' in error || error.name === 'TimeoutError');
}

/** Sends messages by SQS' SendMessage. Rejects when the message is refused, or could not be sent by the last attempt. `access`: default is the environment. */
export function sqsSender(
  { clock, random }: Pick<World, 'clock' | 'random'>,
  access: AwsAccess = {},
): (message: object) => Promise<unknown> {
  const service = jsonService({ ...access, service: 'sqs', target: 'AmazonSQS', clock, answerMsMax });
  return async (message) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await service.call('SendMessage', message);
      } catch (error) {
        if (attempt >= attemptsMax || !isWorthRepeating(error)) throw error;
      }
      await clock.sleep(pauseMs * attempt * (0.5 + random.next() / 2));
    }
  };
}
