/** Secret that holds the gateway's token; made with the tenant's identity. */
export const GATEWAY_TOKEN = 'CHP_GATEWAY_TOKEN';
