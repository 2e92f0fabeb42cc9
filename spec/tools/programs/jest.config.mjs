export default {
  testMatch: ['**/*.jest.mjs'],
  transform: {},
  moduleFileExtensions: ['mjs', 'js'],
  collectCoverageFrom: ['functions.mjs'],
  // A file that a tool has written is not a test.
  testPathIgnorePatterns: ['/node_modules/', '/out/'],
};
