/** A table of DynamoDB's, as far as who makes and deletes clusters asks it. */

export interface PretendedItem {
  readonly pk: { readonly S: string };
  readonly sk: { readonly S: string };
  readonly [attribute: string]: { readonly S?: string; readonly N?: string };
}

interface Values {
  readonly [name: string]: { readonly S: string };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const found = (fields: object): Answer => ({ status: 200, text: JSON.stringify(fields) });
const conditionFailed: Answer = {
  status: 400,
  text: JSON.stringify({
    __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
    message: 'The conditional request failed',
  }),
};
const idOf = ({ pk, sk }: Pick<PretendedItem, 'pk' | 'sk'>): string => `${pk.S} ${sk.S}`;
const pageSize = 2;

export class PretendedTable {
  readonly items = new Map<string, PretendedItem>();
  isProtected = true;
  /** Operations that were asked for. */
  readonly asked: string[] = [];

  put(pk: string, sk: string, others: Omit<PretendedItem, 'pk' | 'sk'> = {}): void {
    const item = { pk: { S: pk }, sk: { S: sk }, ...others } as PretendedItem;
    this.items.set(idOf(item), item);
  }

  keys(): readonly string[] {
    return [...this.items.keys()].toSorted();
  }

  answer(operation: string, input: Record<string, unknown>): Answer {
    this.asked.push(operation);
    const values = (input['ExpressionAttributeValues'] ?? {}) as Values;
    const all = [...this.items.values()];
    switch (operation) {
      case 'Query':
        return found({ Items: all.filter(({ pk }) => pk.S === values[':pk']?.S) });
      case 'PutItem': {
        const item = input['Item'] as PretendedItem;
        if (!this.#holds(String(input['ConditionExpression']), idOf(item), values)) return conditionFailed;
        this.items.set(idOf(item), item);
        return found({});
      }
      case 'DeleteItem': {
        const key = idOf(input['Key'] as PretendedItem);
        if (!this.#holds(String(input['ConditionExpression']), key, values)) return conditionFailed;
        this.items.delete(key);
        return found({});
      }
      case 'Scan':
        return this.#scan(all, input['ExclusiveStartKey'] as PretendedItem | undefined, values[':keys']?.S ?? '');
      case 'UpdateTable':
        this.isProtected = input['DeletionProtectionEnabled'] === true;
        return found({});
      case 'DeleteTable':
        return this.isProtected
          ? { status: 400, text: JSON.stringify({ __type: 'ValidationException', message: 'protected' }) }
          : found({});
      case 'BatchWriteItem': {
        const [requests = []] = Object.values(input['RequestItems'] as Record<string, { DeleteRequest: { Key: PretendedItem } }[]>);
        for (const { DeleteRequest } of requests) this.items.delete(idOf(DeleteRequest.Key));
        return found({});
      }
      default:
        return { status: 400, text: JSON.stringify({ __type: 'UnknownOperationException', message: operation }) };
    }
  }

  #holds(condition: string, id: string, values: Values): boolean {
    const before = this.items.get(id);
    return condition === 'attribute_not_exists(pk)' ? before === undefined : before?.['i']?.S === values[':id']?.S;
  }

  /** A page holds few, of which some may fit. */
  #scan(all: readonly PretendedItem[], from: PretendedItem | undefined, prefix: string): Answer {
    const sorted = all.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    const after = from === undefined ? sorted : sorted.filter((item) => idOf(item) > idOf(from));
    const page = after.slice(0, pageSize);
    const last = page.at(-1);
    const Items = page.filter(({ pk }) => pk.S.startsWith(prefix)).map(({ pk, sk }) => ({ pk, sk }));
    return found({ Items, ...(last === undefined || after.length <= pageSize ? {} : { LastEvaluatedKey: { pk: last.pk, sk: last.sk } }) });
  }
}
