/* The cable between both machines, and what both know. */

export const PORT = 22310;
export const CABLE = {
  service: { mac: '02:00:00:00:03:01', address: '10.66.3.1' },
  client: { mac: '02:00:00:00:03:02', address: '10.66.3.2' },
};
export const CLIENT_ID = 7;
export const AEAD_KEY = 2;
