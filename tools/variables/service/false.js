module.exports = () => false;
