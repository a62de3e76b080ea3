/** The parts of AWS's events that the functions read. Source: AWS Lambda developer guide, SQS and DynamoDB event shapes. */

export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

export interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

/** The messages, or the stream's records, that are to come again. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export const allDone: BatchAnswer = { batchItemFailures: [] };

/** A value as DynamoDB writes it, of the types that the table uses. Bytes are base64. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string;
}

export interface StreamEvent {
  readonly Records: readonly {
    readonly eventName?: string;
    readonly dynamodb?: {
      readonly SequenceNumber?: string;
      readonly Keys?: Readonly<Record<string, AttributeValue>>;
      readonly NewImage?: Readonly<Record<string, AttributeValue>>;
    };
  }[];
}
