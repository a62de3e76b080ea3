/**
 * What the Service `kubernetes` leads to where pods can reach the API at a name only: an address of documentation's
 * range, which no machine has. The agent of each node then stands in for it (agent/api-service).
 */
export const noApiAddress = '192.0.2.1';
