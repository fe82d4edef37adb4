#!/bin/sh
# Makes @tensorflow/tfjs-node work from the package registries alone: its C++ sources, which are in the npm package,
# are built against the TensorFlow library and headers in PyPI's tensorflow-cpu wheel. The package's own install
# script would download both from elsewhere. Linux x64; needs g++, unzip, pip, and Node's headers (include/node
# next to Node's bin). About 850 MB.
#
# usage: scripts/build-tfjs-node.sh FOLDER [PYTHON]
# Afterwards `--engine tfjs` uses it when sera runs in FOLDER.
set -eu
folder=$1
python=${2:-python3}
tensorflow=2.15.0 # the version that was tested; which Python the wheel is for does not matter
tfjs=4.22.0

mkdir -p "$folder"
cd "$folder"
[ -f package.json ] || echo '{ "private": true }' > package.json
npm install --ignore-scripts --no-audit --no-fund "@tensorflow/tfjs-node@$tfjs"

"$python" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 --platform manylinux2014_x86_64 \
  --dest wheel "tensorflow-cpu==$tensorflow"
unzip -q -o wheel/tensorflow_cpu-*.whl 'tensorflow/include/*' 'tensorflow/lib*' -d library
rm -r wheel

library=$PWD/library/tensorflow
headers=$(node -p 'require("path").resolve(process.execPath, "../../include/node")')
napi=8 # the newest Node-API version that tfjs-node lists
cd node_modules/@tensorflow/tfjs-node
mkdir -p "lib/napi-v$napi"
g++ -O2 -std=c++17 -shared -fPIC "-DNAPI_VERSION=$napi" -I"$headers" -I.. -I"$library/include" binding/*.cc \
  "$library/libtensorflow_cc.so.2" "$library/libtensorflow_framework.so.2" -Wl,-rpath,"$library" \
  -o "lib/napi-v$napi/tfjs_binding.node"
cd ../../..
node -e 'const tf = require("@tensorflow/tfjs-node"); console.log(tf.getBackend(), "computes 1 + 2 as", tf.scalar(1).add(2).dataSync()[0])'
