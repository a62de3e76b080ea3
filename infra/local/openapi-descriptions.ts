/** What `npm run generate:descriptions` collected for `kubectl explain`; nothing, where it was never run. */
import { join } from 'node:path';
import type { Descriptions } from '../../functions/apiserver/openapi/descriptions.ts';
import { bundledDescriptions } from '../../functions/lambda/bundled-descriptions.ts';

const directory = join(import.meta.dirname, '../../.cache/openapi');

export const readDescriptions = (): Promise<Descriptions> => bundledDescriptions(directory);
