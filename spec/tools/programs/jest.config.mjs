export default {
  testMatch: ['**/*.jest.mjs'],
  transform: {},
  moduleFileExtensions: ['mjs', 'js'],
  collectCoverageFrom: ['functions.mjs'],
  // What a tool has written is no test.
  testPathIgnorePatterns: ['/node_modules/', '/out/'],
};
