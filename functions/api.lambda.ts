/** Root: the API behind a Function URL, where Web Functions are not to be had. Polls are not held: a waiting function costs as much as a working one. */
import { createApiHost } from './cloud/api-host.ts';
import { startFunction } from './cloud/start-function.ts';
import { createFunctionUrlHandler, type LambdaStreaming } from './cloud/function-url.ts';

declare const awslambda: LambdaStreaming;

const rooted = startFunction();
const { fetch } = createApiHost(rooted, { relays: [], pollHoldSecondsMax: 0 });

export const handler = awslambda.streamifyResponse(
  createFunctionUrlHandler({ fetch, streaming: awslambda, settle: () => rooted.doorbells.flush() }),
);
