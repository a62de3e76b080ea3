/** Root: a session of the scheduler for each ring. */
import { controllersHandler } from './cloud/function.ts';

export const handler = controllersHandler('scheduler');
