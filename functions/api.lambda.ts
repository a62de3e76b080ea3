/**
 * Root: the API behind a Function URL, where Web Functions are not to be had. Polls are not held: a waiting function
 * costs as much as a working one.
 */
import { createApiHost } from './lambda/api-host.ts';
import { hostLimitsOf } from './lambda/host-limits.ts';
import { startFunction } from './lambda/start-function.ts';
import { createFunctionUrlHandler, type LambdaStreaming } from './lambda/function-url.ts';
import { environment } from './world.ts';

declare const awslambda: LambdaStreaming;

/** Lambda does not report that a client has left: a log without a reader costs this much at most. */
const mailedLogSecondsMax = 300;

const rooted = await startFunction();
const { answerBytesMax } = hostLimitsOf(environment);
const { fetch, settled } = createApiHost(rooted, { pollHoldSecondsMax: 0, mailedLogSecondsMax });

async function settle(): Promise<void> {
  await Promise.all([rooted.doorbells.flush(), settled()]);
}

export const handler = awslambda.streamifyResponse(createFunctionUrlHandler({ fetch, streaming: awslambda, settle, answerBytesMax }));
