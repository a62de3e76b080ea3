/** Root: a run of the controllers for each ring. */
import { controllersHandler } from './lambda/controllers-handler.ts';

export const handler = await controllersHandler('controllers');
