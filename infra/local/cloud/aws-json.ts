/** Calls the emulated services in AWS's JSON protocol. They require a signature and do not verify it. */

export class AwsError extends Error {
  override name = 'AwsError';
  /** `ResourceInUseException`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export interface AwsService {
  readonly endpoint: string;
  /** What the service's actions are prefixed with: `DynamoDB_20120810`. */
  readonly target: string;
  /** `1.0`, as DynamoDB and SQS. */
  readonly name: string;
}

export const dynamodbAt = (endpoint: string): AwsService => ({ endpoint, target: 'DynamoDB_20120810', name: 'dynamodb' });
export const streamsAt = (endpoint: string): AwsService => ({ endpoint, target: 'DynamoDBStreams_20120810', name: 'dynamodb' });
export const sqsAt = (endpoint: string): AwsService => ({ endpoint, target: 'AmazonSQS', name: 'sqs' });

export const region = 'us-east-1';
/** The emulated services do not check them. */
export const credentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

export async function awsJson<T>({ endpoint, target, name }: AwsService, action: string, body: object, signal?: AbortSignal): Promise<T> {
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${date.slice(0, 8)}/${region}/${name}/aws4_request`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `${target}.${action}`,
      'x-amz-date': date,
      authorization: `AWS4-HMAC-SHA256 Credential=local/${scope}, SignedHeaders=host, Signature=none`,
    },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const answer = (text === '' ? {} : JSON.parse(text)) as T & {
    readonly __type?: string;
    readonly message?: string;
    readonly Message?: string;
  };
  if (response.ok) return answer;
  throw new AwsError(answer.__type?.split('#').at(-1) ?? String(response.status), answer.message ?? answer.Message ?? text);
}
