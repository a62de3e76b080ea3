/** Root: a run of the scheduler for each ring. */
import { controllersHandler } from './lambda/controllers-handler.ts';

export const handler = await controllersHandler('scheduler');
