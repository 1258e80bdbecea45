export const USER_TOPIC = 'user.user.v1';
