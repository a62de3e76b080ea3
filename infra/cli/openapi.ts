/** `hibernetes openapi`: the whole API of a cluster as one document, custom kinds included, on standard output. */
import { wholeV2, wholeV3 } from '../../functions/client/openapi-documents.ts';
import { type ClusterChoice, withApi } from './api-client.ts';
import { CliError } from './cli-error.ts';

export interface OpenApiChoice extends ClusterChoice {
  readonly format: 'v2' | 'v3';
}

export const openApi = (choice: OpenApiChoice): Promise<void> =>
  withApi(choice, async ({ fetch }) => {
    const read = async <T>(path: string): Promise<T> => {
      const response = await fetch(path);
      if (!response.ok) throw new CliError(`The API refused ${path}: ${await response.text()}`);
      return (await response.json()) as T;
    };
    const document = await (choice.format === 'v2' ? wholeV2(read) : wholeV3(read));
    process.stdout.write(`${JSON.stringify(document)}\n`);
  });
