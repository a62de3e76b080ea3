/** The stack that is meant when none is named. */
export const stackDefault = 'Hibernetes';
