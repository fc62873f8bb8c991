/* What both ends have to know. */

export const PORT = 2222;
export const AUDIENCE = 'ssh.example';
export const GROUP = 1;
export const GREETING = 'SSH-2.0-Example';
