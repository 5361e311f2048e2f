module.exports = async ({ resolveVariable }) => resolveVariable(5);
