/* Who is where: two cables that meet in the middle. */

export const PORT = 4430;
/** Where the receiver says how much it got, and the middle how much it took. */
export const CREDIT_PORT = 4431;
/** Packets between two such messages. */
export const CREDIT = 32;

export const CABLES = {
  sender: {
    middle: { mac: '02:00:00:00:03:01', address: '10.66.3.1' },
    peer: { mac: '02:00:00:00:03:02', address: '10.66.3.2' },
  },
  receiver: {
    middle: { mac: '02:00:00:00:04:01', address: '10.66.4.1' },
    peer: { mac: '02:00:00:00:04:02', address: '10.66.4.2' },
  },
};
