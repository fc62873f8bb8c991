/* What both ends of the demo know. */

export const PORT = 8080;
export const AUDIENCE = 'demo.example';
